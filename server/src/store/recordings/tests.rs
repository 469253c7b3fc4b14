use super::*;
use crate::store::fixture;

fn piece(number: i64, bytes: &[u8]) -> Piece {
    let until = u32::try_from(1_000 * (number + 1)).unwrap();
    Piece { number, until, bytes: bytes.to_vec() }
}

fn subject() -> Subject {
    Subject { number: "1002".into(), name: "Bob".into(), kind: "audio/webm".into() }
}

async fn recordings(folder: &Path) -> Recordings {
    let store = fixture::open(folder, None, module_path!()).await.unwrap();
    fixture::account(&store, 1, "1001").await;
    Recordings::new(store, folder)
}

#[tokio::test]
async fn pieces_are_kept_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path()).await;
    let id = recordings.begin(1, subject()).await.unwrap();
    recordings.append(1, &id, piece(0, b"one ")).await.unwrap();
    recordings.append(1, &id, piece(0, b"one again ")).await.unwrap();
    let early = recordings.append(1, &id, piece(2, b"three")).await;
    assert!(matches!(early, Err(RecordingError::OutOfOrder(1))), "{early:?}");
    // A server that was killed while it wrote the next piece.
    let file = recordings.file(&recordings.find(1, &id).await.unwrap());
    std::fs::write(&file, b"one tw").unwrap();
    recordings.append(1, &id, piece(1, b"two")).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"one two");
    let kept = recordings.some(1, 0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|kept| (kept.pieces, kept.bytes, length(kept))).collect::<Vec<_>>(), [(2, 7, 2_000)]);
}

#[tokio::test]
async fn what_is_removed_is_gone_and_nobody_elses_can_be_touched() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path()).await;
    let id = recordings.begin(1, subject()).await.unwrap();
    recordings.append(1, &id, piece(0, &[1, 2, 3])).await.unwrap();
    let file = recordings.file(&recordings.find(1, &id).await.unwrap());
    assert!(matches!(recordings.find(2, &id).await, Err(RecordingError::Unknown)));
    assert!(matches!(recordings.append(2, &id, piece(1, &[4])).await, Err(RecordingError::Unknown)));
    assert!(matches!(recordings.remove(2, &id).await, Err(RecordingError::Unknown)));
    recordings.remove(1, &id).await.unwrap();
    assert!(!file.exists());
    assert_eq!(recordings.some(1, 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_no_recording_or_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path()).await;
    let page = Subject { kind: "text/html".into(), ..subject() };
    assert!(matches!(recordings.begin(1, page).await, Err(RecordingError::Kind)));
    let id = recordings.begin(1, subject()).await.unwrap();
    sqlx::query("UPDATE recordings SET bytes = $1")
        .bind(i64::try_from(LARGEST).unwrap())
        .execute(recordings.store.pool())
        .await
        .unwrap();
    assert!(matches!(recordings.append(1, &id, piece(0, &[1])).await, Err(RecordingError::Full)));
    sqlx::query("UPDATE recordings SET bytes = $1")
        .bind(i64::try_from(QUOTA).unwrap())
        .execute(recordings.store.pool())
        .await
        .unwrap();
    assert!(matches!(recordings.begin(1, subject()).await, Err(RecordingError::Full)));
}

/// As Chromium begins a recording.
const BEGUN: [u8; 34] = [
    0x1A, 0x45, 0xDF, 0xA3, 0x80, 0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x15, 0x49,
    0xA9, 0x66, 0x87, 0x2A, 0xD7, 0xB1, 0x83, 0x0F, 0x42, 0x40, 0x16, 0x54, 0xAE, 0x6B, 0x80,
];

#[tokio::test]
async fn a_file_says_how_long_it_is_after_every_piece() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path()).await;
    let id = recordings.begin(1, subject()).await.unwrap();
    let said = async || {
        let recording = recordings.find(1, &id).await.unwrap();
        let file = std::fs::read(recordings.file(&recording)).unwrap();
        assert_eq!(file.len() as i64, recording.bytes);
        let at = usize::try_from(recording.duration_at.unwrap()).unwrap();
        (f64::from_be_bytes(file[at..at + 8].try_into().unwrap()), file.ends_with(b"sound"))
    };
    recordings.append(1, &id, piece(0, &BEGUN)).await.unwrap();
    assert_eq!(said().await, (1_000.0, false));
    recordings.append(1, &id, piece(1, b"more sound")).await.unwrap();
    recordings.append(1, &id, piece(1, b"more sound")).await.unwrap();
    assert_eq!(said().await, (2_000.0, true));
}

#[tokio::test]
async fn what_is_old_or_silent_or_nobodys_any_more_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = recordings(folder.path()).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = recordings.begin(1, subject()).await.unwrap();
        recordings.append(1, &id, piece(0, b"sound")).await.unwrap();
        ids.push(id);
    }
    let silent = recordings.begin(1, subject()).await.unwrap();
    let file = |id: &str| folder.path().join("recordings").join(id);
    std::fs::write(file("not one of ours"), "").unwrap();
    let age = async |id: &str, days: i64| {
        let query = "UPDATE recordings SET changed_at = changed_at - $1 WHERE id = $2";
        sqlx::query(query).bind(days * 86_400_000).bind(id).execute(recordings.store.pool()).await.unwrap();
    };
    age(&ids[0], 31).await;
    age(&ids[1], 29).await;
    recordings.sweep(None).await.unwrap();
    assert_eq!(recordings.some(1, 0, 10).await.unwrap().len(), 3, "nothing goes that nobody wants gone");
    assert!(recordings.find(1, &silent).await.is_ok(), "its first piece may come");
    age(&silent, 2).await;
    recordings.sweep(Some(std::time::Duration::from_secs(30 * 86_400))).await.unwrap();
    assert!(!file(&ids[0]).exists() && file(&ids[1]).exists() && file(&ids[2]).exists());
    assert!(matches!(recordings.find(1, &silent).await, Err(RecordingError::Unknown)));
    // The rows go with the account, and the files follow.
    sqlx::query("DELETE FROM accounts").execute(recordings.store.pool()).await.unwrap();
    recordings.sweep(None).await.unwrap();
    assert!(!file(&ids[1]).exists() && !file(&ids[2]).exists() && file("not one of ours").exists());
}
