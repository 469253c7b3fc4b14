//! Contacts: the pages, the files, and who sees what.

use crate::command_line::{said, tabphone};
use crate::house::{ALICE, BOB, Browser, House, browser};
use app::lease::FromTab;
use app::phone::{Call, Direction, LineState, Party, Phase};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode, header};
use server::store::contacts::Numbering;

async fn html(browser: &Browser, path: &str) -> String {
    let response = browser.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

/// The names on the page, in their order.
async fn names(browser: &Browser, path: &str) -> Vec<String> {
    let html = html(browser, path).await;
    let rows = html.split("<li class=\"history__call person\">").skip(1);
    let name =
        |row: &str| row.split("<bdi>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned();
    rows.map(name).collect()
}

fn at(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

async fn upload(browser: &Browser, path: &str, name: &str, bytes: Vec<u8>) -> Response {
    let part = Part::bytes(bytes).file_name(name.to_owned());
    let request = browser.client.post(format!("{}{path}", browser.origin)).header(header::ORIGIN, &browser.origin);
    request.multipart(Form::new().part("file", part)).send().await.unwrap()
}

const ANA: [(&str, &str); 8] = [
    ("name", "Ana <script>alert(1)</script>"),
    ("company", "Acme"),
    ("kind", "work"),
    ("number", "+49 30 123"),
    ("kind", "sip"),
    ("number", "sip:ana@example.com"),
    ("groups", "Friends\r\nOffice"),
    ("note", "Speaks \"Spanish\"\r\n</textarea><b>x"),
];

#[tokio::test]
async fn a_contact_is_written_found_marked_and_removed() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let page = at(&alice.submit("/contacts", &ANA).await);
    let shown = html(&alice, &page).await;
    for words in ["Ana &lt;script&gt;", "+49 30 123", "ana@example.com", "Friends", "Speaks", "Acme"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("<script>alert") && !shown.contains("<b>x"), "{shown}");
    assert!(!html(&alice, &format!("{page}/edit")).await.contains("<b>x"));
    assert_eq!(names(&alice, "/contacts").await.len(), 2, "and Bob");
    for search in ["/contacts?q=ANA", "/contacts?q=030%2F12&show=own", "/contacts?group=friends", "/contacts?show=own"]
    {
        let count = names(&alice, search).await.len();
        // Without the code of a country a zero says nothing about +49.
        assert_eq!(count, usize::from(!search.contains("030")), "{search}");
    }
    let bob = house.signed_in(BOB).await.browser;
    assert_eq!(names(&bob, "/contacts").await, ["Alice Adams"]);
    assert_eq!(bob.get(&page).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(bob.submit(&page, &ANA).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(at(&bob.post(&format!("{page}/remove")).await), "/contacts");
    assert_eq!(alice.get(&page).await.status(), StatusCode::OK, "nobody else removes it");

    let mark = |on, back| alice.submit_to(&page, on, back);
    assert_eq!(at(&mark("on", "/contacts?show=favourites").await), "/contacts?show=favourites");
    assert_eq!(names(&alice, "/contacts?show=favourites").await.len(), 1);
    assert_eq!(at(&mark("off", "https://evil.example/contacts").await), "/contacts");
    assert!(names(&alice, "/contacts?show=favourites").await.is_empty());

    assert_eq!(at(&alice.submit(&page, &[("name", "Anita"), ("kind", "work"), ("number", "7")]).await), page);
    assert_eq!(names(&alice, "/contacts?q=anit").await, ["Anita"]);
    let empty = alice.submit(&page, &[("name", " "), ("note", "kept while it is typed")]).await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().await.unwrap().contains("kept while it is typed"));
    assert_eq!(at(&alice.post(&format!("{page}/remove")).await), "/contacts");
    assert_eq!(names(&alice, "/contacts").await, ["Bob Brown"]);
}

impl Browser {
    async fn submit_to(&self, page: &str, on: &str, back: &str) -> Response {
        self.submit(&format!("{page}/favourite"), &[("on", on), ("back", back)]).await
    }
}

#[tokio::test]
async fn strangers_and_other_sites_get_nothing() {
    let house = House::open().await;
    let nobody = browser(house.url(""));
    assert_eq!(nobody.get("/contacts").await.headers()[header::LOCATION], "/login");
    for path in ["/contacts/contacts.csv", "/contacts/contacts.vcf", "/contacts/1/picture"] {
        assert_eq!(nobody.get(path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let alice = house.signed_in(ALICE).await.browser;
    for path in ["/contacts", "/contacts/1", "/contacts/1/remove", "/contacts/1/favourite", "/contacts/import"] {
        let request = alice.client.post(house.url(path)).header(header::ORIGIN, "https://evil.example");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/contacts/x", "/contacts/0", "/contacts/99999999999999999999", "/contacts/1/picture"] {
        assert_eq!(alice.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_imported_as_far_as_it_can_be_and_exported_whole() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let file = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:=Ana\r\nTEL;TYPE=CELL:+34 6 1\r\nBDAY:1970-01-01\r\nEND:VCARD\r\n\
                BEGIN:VCARD\r\nNOTE:<b>nobody</b>\r\nEND:VCARD\r\n";
    let first = upload(&alice, "/contacts/import", "a.vcf", file.into()).await;
    assert_eq!(first.status(), StatusCode::OK);
    let told = first.text().await.unwrap();
    for words in
        ["1 added, 0 changed, 0 there already, 1 not taken", "line 7: the contact has neither", "BDAY is not kept"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let again = upload(&alice, "/contacts/import", "a.vcf", file.into()).await.text().await.unwrap();
    assert!(again.contains("0 added, 0 changed, 1 there already"), "{again}");

    let table = html(&alice, "/contacts/contacts.csv").await;
    assert!(table.contains("\"'=Ana\"") && table.contains("\"'+34 6 1\""), "{table}");
    for path in ["/contacts/contacts.csv", "/contacts/contacts.vcf", "/contacts/contacts.vcf?version=4"] {
        let response = alice.get(path).await;
        assert!(response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
        let saved = response.bytes().await.unwrap().to_vec();
        let back = upload(&alice, "/contacts/import", "back", saved.clone()).await.text().await.unwrap();
        assert!(back.contains("0 added, 0 changed, 1 there already, 0 not taken"), "{path}: {back}");
        let bob = house.signed_in(BOB).await.browser;
        let other = upload(&bob, "/contacts/import", "other", saved).await.text().await.unwrap();
        assert!(other.contains("1 there already") || other.contains("1 added"), "{path}: {other}");
        assert_eq!(names(&bob, "/contacts?show=own").await, ["=Ana"], "{path}");
    }

    let nothing = upload(&alice, "/contacts/import", "x.csv", b"1,2\n".to_vec()).await.text().await.unwrap();
    assert!(nothing.contains("the first line must name the columns"), "{nothing}");
    assert_eq!(upload(&alice, "/contacts/import", "x", Vec::new()).await.status(), StatusCode::BAD_REQUEST);
    let large = upload(&alice, "/contacts/import", "x", vec![b'x'; 17 << 20]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_picture_is_verified_kept_small_and_served_as_what_it_is() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let page = at(&alice.submit("/contacts", &[("name", "Ana")]).await);
    let picture = format!("{page}/picture");
    for no in [b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), b"GIF89a".to_vec(), b"\x89PNG\r\n\x1a\n".to_vec()]
    {
        let refused = upload(&alice, &picture, "a.png", no).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().await.unwrap().contains("The picture was not taken"));
    }
    assert_eq!(at(&upload(&alice, &picture, "a.svg", png()).await), page);
    let shown = alice.get(&picture).await;
    assert_eq!(shown.headers()[header::CONTENT_TYPE], "image/png");
    assert_eq!(shown.headers()["x-content-type-options"], "nosniff");
    assert!(html(&alice, &page).await.contains(&format!("src=\"{picture}?v=")));
    assert_eq!(house.signed_in(BOB).await.browser.get(&picture).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(at(&alice.post(&format!("{picture}/remove")).await), page);
    assert_eq!(alice.get(&picture).await.status(), StatusCode::NOT_FOUND);
}

/// One pixel that can be seen through.
fn png() -> Vec<u8> {
    let text = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    STANDARD.decode(text).unwrap()
}

#[tokio::test]
async fn the_directory_is_the_administrators() {
    let house = House::open().await;
    let file = house.data.path().join("directory.csv");
    std::fs::write(&file, "Name,Company,Work\nZoe,Acme,0301\nYann,Acme,0302\n,,\n").unwrap();
    let run = |arguments: &[&str]| tabphone(house.data.path(), arguments, "");
    let import = ["directory", "import", file.to_str().unwrap()];
    let output = run(&import);
    assert_eq!(said(&output.stderr), "2 added, 0 changed, 0 there already, 0 not taken\n");
    assert!(said(&run(&import).stderr).starts_with("0 added, 0 changed, 2 there already"));
    let alice = house.signed_in(ALICE).await.browser;
    assert_eq!(names(&alice, "/contacts").await, ["Bob Brown", "Yann", "Zoe"]);
    assert_eq!(names(&alice, "/contacts?q=acme%20y").await, ["Yann"]);

    let list = said(&run(&["directory", "list"]).stdout);
    assert!(list.contains("  Zoe  0301  (Acme)\n") && !list.contains("Bob"), "{list}");
    let zoe = list.lines().find(|line| line.contains("Zoe")).unwrap().split(' ').next().unwrap();
    let page = format!("/contacts/{zoe}");
    assert!(!html(&alice, &page).await.contains("Remove the contact"));
    assert_eq!(alice.submit(&page, &[("name", "Mine")]).await.status(), StatusCode::NOT_FOUND);
    assert!(run(&["directory", "remove", zoe]).status.success());
    assert!(!run(&["directory", "remove", zoe]).status.success());
    assert_eq!(names(&alice, "/contacts").await, ["Bob Brown", "Yann"]);

    std::fs::write(&file, "Name,Work\nXaver,0303\n").unwrap();
    let replaced = run(&["directory", "import", file.to_str().unwrap(), "--replace"]);
    assert!(said(&replaced.stderr).starts_with("1 removed that are not in the file\n1 added"), "{replaced:?}");
    assert_eq!(names(&alice, "/contacts").await, ["Bob Brown", "Xaver"]);
    assert!(run(&["directory", "remove", "--all"]).status.success());
    assert_eq!(names(&alice, "/contacts").await, ["Bob Brown"]);
}

/// The line of somebody who is called by this number.
fn called_by(number: &str) -> LineState {
    let remote = Party { number: number.to_owned(), name: "anonymous".to_owned() };
    let calls = vec![Call::new(1, Direction::Incoming, remote, Phase::RingingHere)];
    LineState { calls, ..LineState::default() }
}

#[tokio::test]
async fn who_calls_is_told_in_every_tab_and_on_the_page() {
    let house = House::open_with(|options| options.numbering = Numbering::new(Some("49")).unwrap()).await;
    let alice = house.signed_in(ALICE).await;
    at(&alice.browser.submit("/contacts", &ANA).await);
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let watcher = house.signed_in(ALICE).await;
    let mut watching = watcher.tab("watching", None).await;
    let publish =
        |state: LineState| FromTab::Publish { epoch, state, snapshot: Vec::new(), to_lose: false, last: false };

    for number in ["+4930123", "004930123", "030/123", "+4930123@carrier.example", "ana@example.com"] {
        tab.say(publish(LineState::default())).await;
        tab.say(publish(called_by(number))).await;
        for tab in [&mut tab, &mut watching] {
            let callers = tab.callers().await;
            assert_eq!(callers.len(), 1, "{number}");
            assert_eq!((callers[0].number.as_str(), callers[0].name.as_str()), (number, ANA[0].1));
            assert_eq!(callers[0].about, ["Acme", "Speaks \"Spanish\"", "</textarea><b>x"]);
        }
    }
    let page = html(&alice.browser, "/").await;
    assert!(page.contains("Ana &lt;script&gt;alert(1)&lt;/script&gt; is calling"), "{page}");
    assert!(page.contains("Speaks \"Spanish\"") && !page.contains("<b>x"), "{page}");
    tab.say(publish(called_by("1002"))).await;
    assert_eq!(tab.callers().await[0].name, "Bob Brown");
    tab.say(publish(LineState::default())).await;
    tab.say(publish(called_by("+49 30 999"))).await;
    assert!(tab.callers().await.is_empty(), "nobody knows");
}

#[tokio::test]
async fn the_history_has_the_names_of_contacts_and_offers_to_keep_strangers() {
    let house = House::open_with(|options| options.numbering = Numbering::new(Some("49")).unwrap()).await;
    let alice = house.signed_in(ALICE).await;
    at(&alice.browser.submit("/contacts", &ANA).await);
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    for (tag, number) in [("a", "030123"), ("b", "+43 1 999"), ("c", "1002")] {
        let report = app::history::Report {
            call_id: tag.to_owned(),
            local_tag: tag.to_owned(),
            direction: Direction::Incoming,
            remote: Party { number: number.to_owned(), name: String::new() },
            begun: server::clock::now() - 60_000,
            answered: None,
            ended: server::clock::now(),
            cause: app::phone::Cause::CancelledThere,
            heard: app::quality::Tally::default(),
        };
        tab.say(FromTab::Report(report)).await;
        while !matches!(tab.hear_any().await, app::lease::ToTab::Recorded(_)) {}
    }
    let page = html(&alice.browser, "/history").await;
    assert!(page.contains("Ana &lt;script&gt;") && page.contains("Bob Brown"), "{page}");
    assert_eq!(page.matches("Add to contacts").count(), 1, "of the stranger alone");
    assert!(page.contains("/contacts/new?number=%2B43+1+999"), "{page}");
    let form = html(&alice.browser, "/contacts/new?number=%2B43+1+999&name=Zo%C3%AB%0A").await;
    assert!(form.contains("value=\"+43 1 999\"") && form.contains("value=\"Zo\u{eb}\""), "{form}");

    let state =
        FromTab::Publish { epoch, state: called_by("+4930123"), snapshot: Vec::new(), to_lose: false, last: false };
    tab.say(state).await;
    let about = tab.callers().await.remove(0).about;
    assert_eq!(about[about.len() - 2], "Last calls:");
    assert!(about[about.len() - 1].starts_with("Missed, 20"), "{about:?}");
}
