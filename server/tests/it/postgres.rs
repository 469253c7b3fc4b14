//! A real PostgreSQL for the tests, of Debian's package: one for all tests of a process, and a database of its own for each
//! data directory. It listens on a socket in a folder of its own, writes to memory where it can, and is gone with the process,
//! however that ends: who looks after it waits for the end of a pipe.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Says that every test is to use PostgreSQL.
const VARIABLE: &str = "TABPHONE_TEST_DATABASE";
/// What is not needed of it: safety against a failing machine, and the network.
const OPTIONS: &str = "-c fsync=off -c full_page_writes=off -c listen_addresses= -c max_connections=300 \
    -c shared_buffers=16MB -c dynamic_shared_memory_type=mmap -c jit=off -c max_wal_size=4GB";
/// Makes and starts a server in the folder `$1`, as another user if that is `$3`, with the certificate in `$5` if that is said, on
/// port `$6`; stops and starts it when it is told to, and removes all of it once nobody can tell it anything any more.
const GUARD: &str = r#"
trap '' INT TERM HUP
as=; if [ -n "$3" ]; then as="setpriv --reuid=$3 --regid=$3 --clear-groups"; chown "$3" "$1"; fi
cd "$1" && export LC_ALL=C.UTF-8 PGPORT="$6"
if [ -n "$5" ]; then cp "$5"/*.pem .; chmod 600 ./*.pem; if [ -n "$3" ]; then chown "$3" ./*.pem; fi; fi
$as "$2/initdb" -D "$1/data" -U tabphone -A trust -E UTF8 --no-sync >"$1/log" 2>&1
start() {
    $as "$2/postgres" -D "$1/data" -k "$1" $4 >>"$1/log" 2>&1 </dev/null &
    pid=$!
    until "$2/pg_isready" -q -h "$1"; do
        kill -0 $pid 2>/dev/null || { tail -3 "$1/log"; return; }
        sleep 0.05
    done
    echo done
}
stop() { kill -QUIT $pid; wait $pid; }
start "$@"
while read -r word; do case "$word" in stop) stop; echo done;; start) start "$@";; esac; done
stop
cd / && rm -rf "$1"
"#;

static SERVER: OnceLock<Server> = OnceLock::new();
/// The data directories that use it.
static CHOSEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A server that runs.
pub struct Server {
    folder: PathBuf,
    made: Mutex<BTreeSet<String>>,
    guard: Mutex<Guard>,
}

/// Who looks after it.
struct Guard {
    /// Its end is what is waited for in the end.
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
    _process: Child,
}

/// From now on this data directory has its database in PostgreSQL.
pub fn choose(data: &Path) {
    CHOSEN.lock().unwrap_or_else(PoisonError::into_inner).insert(data.to_owned());
}

/// The address of the database of this data directory, if it is in PostgreSQL.
pub fn url(data: &Path) -> Option<String> {
    let chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner).contains(data);
    let all = std::env::var(VARIABLE).is_ok_and(|kind| kind == "postgres");
    (chosen || all).then(|| SERVER.get_or_init(Server::start).database(data))
}

impl Server {
    /// Starts one for a test that wants it for itself.
    pub fn start() -> Self {
        Self::start_with("", Path::new(""), 5432)
    }

    /// One that speaks TLS on this port, with `fullchain.pem` and `privkey.pem` of this folder.
    pub fn start_with_tls(folder: &Path, port: u16) -> Self {
        let tls =
            "-c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file=../fullchain.pem -c ssl_key_file=../privkey.pem";
        Self::start_with(tls, folder, port)
    }

    fn start_with(more: &str, certificate: &Path, port: u16) -> Self {
        let programs = programs();
        // It refuses to run as root, and has to get into its folder.
        let user = rustix::process::geteuid().is_root().then_some("postgres");
        let base = if user.is_none() {
            std::env::temp_dir()
        } else {
            let memory = PathBuf::from("/dev/shm");
            if memory.is_dir() { memory } else { PathBuf::from("/tmp") }
        };
        let folder = tempfile::Builder::new().prefix("tabphone-pg").tempdir_in(base).unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut guard = Command::new("sh");
        guard.arg("-c").arg(GUARD).arg("guard").arg(&folder).arg(&programs).arg(user.unwrap_or(""));
        guard.arg(format!("{OPTIONS} {more}")).arg(certificate).arg(port.to_string());
        guard.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut guard = guard.spawn().unwrap();
        let answers = BufReader::new(guard.stdout.take().unwrap());
        let mut guard = Guard { words: guard.stdin.take().unwrap(), answers, _process: guard };
        guard.hear();
        Self { folder, made: Mutex::default(), guard: Mutex::new(guard) }
    }

    /// It is gone at once, as if its machine had lost power.
    pub fn stop(&self) {
        self.tell("stop\n");
    }

    /// It is there again.
    pub fn start_again(&self) {
        self.tell("start\n");
    }

    fn tell(&self, word: &str) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.words.write_all(word.as_bytes()).unwrap();
        guard.hear();
    }

    /// The address of the database of this data directory, which is made when it is asked for first.
    pub fn database(&self, data: &Path) -> String {
        let mut hash = DefaultHasher::new();
        data.hash(&mut hash);
        let name = format!("t{:016x}", hash.finish());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.insert(name.clone()) {
            self.execute(format!("CREATE DATABASE {name}"));
        }
        format!("postgres://tabphone@/{name}?host={}", self.folder.display())
    }

    /// Does something as its owner, in a database of nobody's.
    pub fn execute(&self, sql: String) {
        let options =
            PgConnectOptions::new_without_pgpass().socket(&self.folder).username("tabphone").database("postgres");
        // A test has a runtime of its own, which must not be waited in.
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection: PgConnection = options.connect().await?;
                connection.execute(sql.as_str()).await?;
                connection.close().await
            })
        });
        done.join().unwrap().unwrap();
    }
}

impl Guard {
    fn hear(&mut self) {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "done", "PostgreSQL");
    }
}

/// Where its programs lie: Debian keeps them out of the way.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let found = folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file());
    found.expect("these tests need PostgreSQL: .ci/install peers")
}
