// The list of contacts follows what is typed: the page that the search would lead to is asked for, and what it found is put
// in the place of what is there. Without this the form does the same with a button.
'use strict';

{
  const form = document.getElementById('search-form');
  // Shorter than anybody notices, longer than between two letters of a word.
  const PAUSE = 120;
  // How often what colleagues do is looked up while the page is looked at.
  const FRESH = 10_000;
  let timer;
  let asked;

  const address = () => {
    const wanted = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...wanted]) if (value === '' || (name === 'show' && value === 'all')) wanted.delete(name);
    return wanted.size === 0 ? form.action : `${form.action}?${wanted}`;
  };

  const find = async (where, kept) => {
    asked?.abort();
    asked = new AbortController();
    try {
      const response = await fetch(where, { signal: asked.signal, headers: { accept: 'text/html' } });
      // Whoever is logged out is led to the login.
      if (response.redirected) return location.reload();
      if (!response.ok) return;
      const found = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('found');
      const shown = document.getElementById('found');
      // What somebody is about to press stays where it is.
      if (!found || (kept && shown.contains(document.activeElement))) return;
      shown.replaceWith(document.adoptNode(found));
      history.replaceState(null, '', where);
    } catch {
      // Typed on, or offline: what is there stays.
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(address(), false), PAUSE);
  };
  form.addEventListener('input', soon);
  form.addEventListener('change', soon);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    find(address(), false);
  });
  setInterval(() => {
    if (document.visibilityState === 'visible' && location.pathname === '/contacts') find(location.href, true);
  }, FRESH);
}
