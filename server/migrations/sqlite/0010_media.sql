-- What people want of sound and pictures; no row is nothing special. Devices are named as people read them.
CREATE TABLE media_settings (
    account           INTEGER PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    microphone        TEXT NOT NULL,
    speaker           TEXT NOT NULL,
    ringer            TEXT NOT NULL,
    camera            TEXT NOT NULL,
    echo_cancellation INTEGER NOT NULL,
    noise_suppression INTEGER NOT NULL,
    auto_gain         INTEGER NOT NULL,
    keep_open         INTEGER NOT NULL,
    call_volume       INTEGER NOT NULL,       -- per cent
    ring_volume       INTEGER NOT NULL,       -- per cent
    ringtone          TEXT NOT NULL
) STRICT;
