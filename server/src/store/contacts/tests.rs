use super::*;
use std::time::Instant;
use tempfile::TempDir;

struct House {
    contacts: Contacts,
    store: Store,
    _folder: TempDir,
}

const ALICE: Book = Book::Of(1);

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), None).await.unwrap();
    for (account, extension, name) in [(1, "1001", "Alice Adams"), (2, "1002", "Bob Brown")] {
        account_of(&store, account, extension, name).await;
    }
    let contacts = Contacts::new(store.clone(), Numbering::new(Some("49")).unwrap());
    House { contacts, store, _folder: folder }
}

async fn account_of(store: &Store, account: i64, extension: &str, name: &str) {
    let query = "INSERT INTO accounts (id, extension, name, password_hash, ha1_nonce, ha1, created)
                 VALUES ($1, $2, $3, '', x'', x'', 0)";
    sqlx::query(query).bind(account).bind(extension).bind(name).execute(store.pool()).await.unwrap();
}

fn named(name: &str, numbers: &[&str]) -> Details {
    let number = |number: &&str| Number { kind: Kind::Work, number: (*number).to_owned() };
    Details { name: name.to_owned(), numbers: numbers.iter().map(number).collect(), ..Details::default() }
}

impl House {
    async fn found(&self, account: AccountId, query: Query) -> Vec<String> {
        let page = self.contacts.page(account, &query, 100).await.unwrap();
        page.into_iter().map(|entry| entry.name).collect()
    }

    async fn searched(&self, search: &str) -> Vec<String> {
        self.found(1, Query { search: search.to_owned(), ..Query::default() }).await
    }
}

#[tokio::test]
async fn a_person_sees_their_own_contacts_and_the_directory_in_the_order_of_names() {
    let house = house().await;
    house.contacts.refresh().await.unwrap();
    house.contacts.add(ALICE, named("Émile", &["030 1"])).await.unwrap();
    house.contacts.add(ALICE, named("eva", &["030 2"])).await.unwrap();
    let hers = house.contacts.add(Book::Of(2), named("Aaron", &["030 3"])).await.unwrap();
    house.contacts.add(Book::Company, named("Carrier", &["+49 800 1"])).await.unwrap();
    let all = house.found(1, Query::default()).await;
    assert_eq!(all, ["Bob Brown", "Carrier", "Émile", "eva"], "not herself, and nothing of others");
    let show = |show| house.found(1, Query { show, ..Query::default() });
    assert_eq!(show(Show::Own).await, ["Émile", "eva"]);
    assert_eq!(show(Show::Company).await, ["Bob Brown", "Carrier"]);
    assert_eq!(house.contacts.find(1, hers).await.unwrap(), None);
    assert!(matches!(house.contacts.change(1, hers, named("Mine", &[])).await, Err(ContactError::Missing)));
    assert!(!house.contacts.remove(ALICE, hers).await.unwrap());
    house.contacts.mark(1, hers, true).await.unwrap();
    assert!(show(Show::Favourites).await.is_empty());
}

#[tokio::test]
async fn the_directory_follows_the_accounts() {
    let house = house().await;
    house.contacts.refresh().await.unwrap();
    assert_eq!(house.found(1, Query::default()).await, ["Bob Brown"]);
    account_of(&house.store, 3, "1003", "Carol Clark").await;
    sqlx::query("UPDATE accounts SET name = 'Robert Brown' WHERE id = 2").execute(house.store.pool()).await.unwrap();
    house.contacts.refresh().await.unwrap();
    assert_eq!(house.found(1, Query::default()).await, ["Carol Clark", "Robert Brown"]);
    assert_eq!(house.searched("1003").await, ["Carol Clark"]);
    sqlx::query("UPDATE accounts SET enabled = 0 WHERE id = 3").execute(house.store.pool()).await.unwrap();
    assert_eq!(house.found(1, Query::default()).await, ["Robert Brown"]);
    sqlx::query("DELETE FROM accounts WHERE id = 2").execute(house.store.pool()).await.unwrap();
    assert!(house.found(1, Query::default()).await.is_empty());
    let id = house.contacts.page(3, &Query::default(), 10).await.unwrap()[0].id;
    assert!(!house.contacts.remove(Book::Company, id).await.unwrap(), "a colleague stays");
}

#[tokio::test]
async fn contacts_are_found_by_the_beginnings_of_their_words() {
    let house = house().await;
    let mut mueller = named("Jörg Müller-Lüdenscheidt", &["+49 30 123456", "sip:joerg@example.com"]);
    (mueller.company, mueller.groups) = ("Straßenbau AG".to_owned(), vec!["Lieferanten".to_owned()]);
    house.contacts.add(ALICE, mueller).await.unwrap();
    house.contacts.add(ALICE, named("Ana", &["1010"])).await.unwrap();
    for search in [
        "jorg",
        "MÜLLER",
        "lud jo",
        "strassen",
        "lief",
        "030 12",
        "+49 30",
        "0049/30",
        "4930123456",
        "joerg@ex",
        " müller  jörg ",
    ] {
        assert_eq!(house.searched(search).await, ["Jörg Müller-Lüdenscheidt"], "{search}");
    }
    for search in ["uller", "jorg ana", "%", "_", "'", "\"", "030 99", "\u{0}", "*"] {
        assert!(house.searched(search).await.is_empty(), "{search}");
    }
    assert_eq!(house.searched("").await.len(), 2);
    assert_eq!(house.searched("101").await, ["Ana"]);
    let query = Query { group: "LIEFERANTEN".to_owned(), ..Query::default() };
    assert_eq!(house.found(1, query).await, ["Jörg Müller-Lüdenscheidt"]);
    assert_eq!(house.contacts.groups(1, 10).await.unwrap(), ["Lieferanten"]);
}

#[tokio::test]
async fn what_is_changed_is_found_by_what_it_is_now() {
    let house = house().await;
    let id = house.contacts.add(ALICE, named("Dora", &["1"])).await.unwrap();
    let picture = Picture { kind: "image/png".to_owned(), bytes: vec![1, 2, 3] };
    house.contacts.set_picture(1, id, Some(picture.clone())).await.unwrap();
    house.contacts.mark(1, id, true).await.unwrap();
    let uid = house.contacts.find(1, id).await.unwrap().unwrap().details.uid;
    house.contacts.change(1, id, named("Theodora", &["2", "2", " "])).await.unwrap();
    let now = house.contacts.find(1, id).await.unwrap().unwrap();
    assert_eq!((now.details.name.as_str(), now.details.numbers.len(), now.favourite), ("Theodora", 1, true));
    assert_eq!(now.details.uid, uid);
    assert!(now.picture > 0);
    assert_eq!(house.contacts.picture(1, id).await.unwrap(), Some(picture));
    assert_eq!(house.contacts.picture(2, id).await.unwrap(), None, "nobody else's");
    assert!(house.searched("dora").await.is_empty());
    assert_eq!(house.searched("theo").await, ["Theodora"]);
    house.contacts.set_picture(1, id, None).await.unwrap();
    assert_eq!(house.contacts.find(1, id).await.unwrap().unwrap().picture, 0);
    assert!(house.contacts.remove(ALICE, id).await.unwrap());
    assert!(house.searched("theo").await.is_empty());
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_never_nothing() {
    let house = house().await;
    assert!(matches!(house.contacts.add(ALICE, named(" \u{0}\n", &[" "])).await, Err(ContactError::Empty)));
    let id = house.contacts.add(ALICE, named("", &["tel:+49 30 1"])).await.unwrap();
    assert_eq!(house.contacts.find(1, id).await.unwrap().unwrap().details.name, "+49 30 1");
    let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut long = named(&"x".repeat(10_000), &many);
    (long.note, long.company) = ("y\r\n\u{0}".repeat(10_000), "\u{202e}z\u{7}".to_owned());
    let id = house.contacts.add(ALICE, long).await.unwrap();
    let kept = house.contacts.find(1, id).await.unwrap().unwrap().details;
    assert_eq!((kept.name.len(), kept.numbers.len()), (LONGEST_NAME, MOST_NUMBERS));
    assert!(kept.note.chars().count() <= LONGEST_NOTE && !kept.note.contains(['\r', '\0']));
}

#[tokio::test]
async fn an_import_doubles_nothing() {
    let house = house().await;
    let with_uid = Details { uid: "one@example.com".to_owned(), ..named("Ben", &["030 1"]) };
    let all = vec![with_uid.clone(), named("Ana", &["030/2"]), named("", &[])];
    let kept = |outcome: Outcome| outcome.into_iter().map(Result::ok).collect::<Vec<_>>();
    let first = kept(house.contacts.import(ALICE, all.clone()).await.unwrap());
    assert_eq!(first, [Some(Kept::Added), Some(Kept::Added), None]);
    let second = kept(house.contacts.import(ALICE, all).await.unwrap());
    assert_eq!(second, [Some(Kept::Known), Some(Kept::Known), None]);
    let other = vec![Details { company: "Acme".to_owned(), ..with_uid }, named("ANA", &["0302"])];
    assert_eq!(kept(house.contacts.import(ALICE, other).await.unwrap()), [Some(Kept::Changed), Some(Kept::Known)]);
    assert_eq!(house.contacts.count(ALICE).await.unwrap(), 2);
    house.contacts.refresh().await.unwrap();
    let forged = Details { uid: "account-2".to_owned(), ..named("Not Bob", &["1"]) };
    assert_eq!(kept(house.contacts.import(Book::Company, vec![forged]).await.unwrap()), [Some(Kept::Added)]);
    assert_eq!(house.searched("bob brown").await, ["Bob Brown"], "a file takes no colleague's place");
    assert_eq!(house.contacts.keep_only(Book::Company, &[named("Carol", &[])]).await.unwrap(), 1);
    assert_eq!(house.found(2, Query { show: Show::Company, ..Query::default() }).await, ["Alice Adams"]);
}

#[tokio::test]
async fn a_number_is_known_in_whatever_form_it_comes() {
    let house = house().await;
    house.contacts.refresh().await.unwrap();
    house.contacts.add(Book::Company, named("The company's", &["+49 30 1234567"])).await.unwrap();
    let own = Details { note: "Speak slowly".to_owned(), ..named("Mine", &["030 / 1234567"]) };
    house.contacts.add(ALICE, own).await.unwrap();
    for number in
        ["+49301234567", "00493 01234567", "030/1234567", "sip:+49301234567@carrier.example;user=phone", "1234567"]
    {
        let known = house.contacts.known(1, number).await.unwrap().unwrap();
        assert_eq!((known.name.as_str(), known.note.as_str()), ("Mine", "Speak slowly"), "{number}");
        assert_eq!(house.contacts.known(2, number).await.unwrap().unwrap().name, "The company's");
    }
    assert_eq!(house.contacts.known(1, "1002").await.unwrap().unwrap().colleague, Some(2));
    for number in ["", "4567", "+43301234567", "anonymous"] {
        assert_eq!(house.contacts.known(1, number).await.unwrap(), None, "{number}");
    }
    let names = house.contacts.names(1, ["1002", "030 1234567", "77"].into_iter()).await.unwrap();
    assert_eq!(names.into_values().collect::<Vec<_>>(), ["Mine", "Bob Brown"]);
}

/// Ten thousand contacts: how long each step takes is printed, and bounded by what a person would notice.
#[tokio::test]
async fn ten_thousand_contacts_are_searched_while_somebody_types() {
    let house = house().await;
    let first = ["Anna", "Ben", "Clara", "David", "Émile", "Farid", "Grace", "Hanna", "Ines", "Jörg"];
    let last = ["Adler", "Braun", "Costa", "Dupont", "Ebner", "Fischer", "Groß", "Haas", "Ibarra", "Jung"];
    let all = (0..10_000_usize).map(|number| {
        let name = format!("{} {} {number}", first[number % 10], last[number / 10 % 10]);
        let mut details = named(&name, &[&format!("+49 30 {:07}", number * 97), &format!("0170 {number:07}")]);
        details.company = format!("Company {}", number % 500);
        details
    });
    let began = Instant::now();
    let outcome = house.contacts.import(Book::Company, all.collect()).await.unwrap();
    println!("import of {}: {:?}", outcome.len(), began.elapsed());
    for search in ["", "a", "an", "anna gro", "emile", "company 12", "030", "+49 30 0000097", "0170 0009", "nobody"] {
        let query = Query { search: search.to_owned(), ..Query::default() };
        let began = Instant::now();
        let found = house.contacts.page(1, &query, 51).await.unwrap();
        let took = began.elapsed();
        println!("{search:?}: {} in {took:?}", found.len());
        assert!(took.as_millis() < 500, "{search}: {took:?}");
    }
    let began = Instant::now();
    let known = house.contacts.known(1, "+49300000097").await.unwrap().unwrap();
    println!("who calls: {:?}", began.elapsed());
    assert_eq!(known.name, "Ben Adler 1");

    // Page after page, each contact comes once.
    let mut query = Query::default();
    let mut count = 0;
    loop {
        let page = house.contacts.page(1, &query, 1_000).await.unwrap();
        count += page.len();
        let Some(last) = page.last() else { break };
        query.after = last.id;
    }
    assert_eq!(count, 10_000);
}
