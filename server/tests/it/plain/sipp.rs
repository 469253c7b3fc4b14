//! SIPp, a plain phone: it registers, and answers calls with what it hears.

use crate::ports::free_address as free;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// Everything that SIPp adds itself is the signature, whose URI is where it sends to.
const REGISTER: &str = r#"<?xml version="1.0"?>
<scenario name="register">
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1002@[remote_ip]>;tag=[call_number]
To: <sip:1002@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 REGISTER
Contact: <sip:1002@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="401" auth="true"/>
<send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1002@[remote_ip]>;tag=[call_number]
To: <sip:1002@[remote_ip]>
Call-ID: [call_id]
CSeq: 2 REGISTER
Contact: <sip:1002@[local_ip]:[local_port]>
[authentication username=1002 password=bricklayer]
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"#;

/// One call, until the caller hangs up.
const ANSWER: &str = r#"<?xml version="1.0"?>
<scenario name="answer">
<recv request="INVITE" rrs="true"/>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=sipp
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:1002@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=sipp
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:1002@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000

]]></send>
<recv request="ACK"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"#;

pub struct Sipp {
    child: Child,
    _folder: TempDir,
}

impl Sipp {
    /// Registers as Bob, and then waits for one call.
    pub async fn start(server: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = free();
        for (name, scenario) in [("register", REGISTER), ("answer", ANSWER)] {
            std::fs::write(folder.path().join(name), scenario).unwrap();
        }
        let run = |scenario: &str, more: &[&str]| {
            let mut sipp = Command::new("setpriv");
            sipp.args(["--pdeathsig", "TERM", "sipp", &server.to_string(), "-sf", scenario, "-m", "1", "-nostdin"]);
            sipp.args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", &own.port().to_string()]).args(more);
            sipp.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            sipp.spawn().unwrap()
        };
        let mut registers = run("register", &["-timeout", "10s"]);
        assert!(ended(&mut registers).await, "SIPp cannot register");
        let child = run("answer", &["-rtp_echo", "-mp", &free().port().to_string()]);
        // It answers what comes before it reads: the INVITE is sent again until then.
        Self { child, _folder: folder }
    }

    /// Whether its call went as it expects it.
    pub async fn is_content(&mut self) -> bool {
        ended(&mut self.child).await
    }
}

async fn ended(child: &mut Child) -> bool {
    let end = async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.success();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(15), end).await.unwrap_or(false)
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
