//! Honest people: phones that register, refresh and call, and browsers that load pages.

use super::call::Pair;
use super::load::{Crew, Outcome, Pace, crews, run};
use super::phone::Phone;
use super::way::Target;
use super::{Failure, PASSWORD};
use axum::body::Body;
use http::{Request, StatusCode, header};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::ops::Range;

/// Extensions of the honest.
pub(crate) const CALLERS: Range<u32> = 2_000..2_040;
/// Extensions of those who have a password and mean ill.
pub(crate) const INSIDERS: Range<u32> = 6_000..6_006;
/// Extensions that are called and written to by them.
pub(crate) const VICTIMS: Range<u32> = 7_000..7_010;

/// Where the honest come from.
const HOME: u8 = 1;
/// How many browsers are logged in.
const BROWSERS: usize = 8;
/// How many may be doing the same at once.
const IN_FLIGHT: usize = 8;

/// What they do, so often a second.
const REFRESHES: u32 = 40;
const REGISTRATIONS: u32 = 10;
const CALLS: u32 = 10;
const PAGES: u32 = 10;
const ARRIVALS: u32 = 5;

/// Everybody, at home.
pub(crate) struct People {
    target: Target,
    registering: Vec<Crew<Phone>>,
    refreshing: Vec<Crew<Phone>>,
    calling: Vec<Crew<Pair>>,
    browsing: Vec<Crew<Browser>>,
}

/// How long what they did took.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    /// By what it was.
    pub(crate) outcomes: [(&'static str, Outcome); 5],
}

/// A page that is logged in, over one connection of HTTP/2.
struct Browser {
    sender: SendRequest<Body>,
    cookie: String,
    origin: String,
}

impl People {
    /// Connects, registers and logs in.
    pub(crate) async fn settle(target: &Target) -> Result<Self, Failure> {
        let mut phones = Vec::new();
        for (number, extension) in CALLERS.enumerate() {
            phones.push(phone(target, HOME, &extension.to_string(), number).await?);
        }
        let mut calling = phones.split_off(phones.len() / 2).into_iter();
        let mut pairs = Vec::new();
        while let (Some(caller), Some(callee)) = (calling.next(), calling.next()) {
            pairs.push(Pair::new(caller, callee));
        }
        let refreshing = phones.split_off(phones.len() / 2);
        let mut browsers = Vec::new();
        for extension in CALLERS.take(BROWSERS) {
            browsers.push(Browser::log_in(target, &extension.to_string()).await?);
        }
        Ok(Self {
            target: target.clone(),
            registering: crews(IN_FLIGHT, phones),
            refreshing: crews(IN_FLIGHT, refreshing),
            calling: crews(IN_FLIGHT, pairs),
            browsing: crews(IN_FLIGHT, browsers),
        })
    }

    /// Answers the server's pings while nothing else is done.
    pub(crate) fn tend(&mut self) {
        self.registering.iter_mut().chain(&mut self.refreshing).flat_map(Crew::members).for_each(Phone::tend);
        for pair in self.calling.iter_mut().flat_map(Crew::members) {
            pair.caller.tend();
            pair.callee.tend();
        }
    }

    /// Lives for so many seconds, at this share of the usual rates. Everything that is done has to work.
    pub(crate) async fn live(&mut self, seconds: u32, share: f64) -> Result<Day, Failure> {
        let Self { target, registering, refreshing, calling, browsing } = self;
        // What was challenged long ago is challenged anew.
        for phone in refreshing.iter_mut().flat_map(Crew::members) {
            phone.register().await?;
        }
        for pair in calling.iter_mut().flat_map(Crew::members) {
            pair.callee.register().await?;
            pair.caller.meet_proxy().await?;
        }
        let target = &*target;
        let mut arriving = crews(IN_FLIGHT, (0..IN_FLIGHT).collect());
        let rate = |each: u32| {
            let each = (f64::from(each) * share).ceil() as u32;
            (Pace::PerSecond(each), (each * seconds) as usize)
        };
        let (pace, times) = rate(REGISTRATIONS);
        let registrations = run(registering, pace, times, async |phone: &mut Phone| phone.register().await);
        let (pace, times) = rate(REFRESHES);
        let refreshes = run(refreshing, pace, times, async |phone: &mut Phone| phone.refresh().await);
        let (pace, times) = rate(CALLS);
        let calls = run(calling, pace, times, async |pair: &mut Pair| pair.call().await);
        let (pace, times) = rate(PAGES);
        let pages = run(browsing, pace, times, async |browser: &mut Browser| browser.page().await);
        let (pace, times) = rate(ARRIVALS);
        let arrivals = run(&mut arriving, pace, times, async |_: &mut usize| arrive(target).await);
        let (registrations, refreshes, calls, pages, arrivals) =
            tokio::join!(registrations, refreshes, calls, pages, arrivals);
        Ok(Day {
            outcomes: [
                ("REGISTER, 401, REGISTER, 200", named("register", registrations)?),
                ("REGISTER refresh", named("refresh", refreshes)?),
                ("call, from INVITE to the 200 to BYE", named("call", calls)?),
                ("the phone page, over a connection that is open", named("page", pages)?),
                ("the login page, over a new connection", named("arrival", arrivals)?),
            ],
        })
    }
}

impl Browser {
    async fn log_in(target: &Target, extension: &str) -> Result<Self, Failure> {
        let origin = target.origin();
        let mut sender = open(target).await?;
        let form = format!("extension={extension}&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::post(format!("{origin}/login")).header(header::ORIGIN, &origin);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = sender.send_request(request.body(Body::from(form))?).await?;
        let cookie = response.headers().get(header::SET_COOKIE).ok_or("nobody is logged in")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { sender, cookie, origin })
    }

    async fn page(&mut self) -> Result<(), Failure> {
        let request = Request::get(format!("{}/", self.origin)).header(header::COOKIE, &self.cookie);
        let page = whole(&mut self.sender, request.body(Body::empty())?).await?;
        if page.contains("Somebody") { Ok(()) } else { Err("the page shows nobody".into()) }
    }
}

/// A phone that is registered and can call.
pub(super) async fn phone(target: &Target, from: u8, extension: &str, number: usize) -> Result<Phone, Failure> {
    let mut phone = Phone::over(target.sip(from).await?, extension, number);
    // First, while nothing can come but the answer.
    phone.meet_proxy().await?;
    phone.register().await?;
    Ok(phone)
}

/// Somebody comes for the first time.
async fn arrive(target: &Target) -> Result<(), Failure> {
    let mut sender = open(target).await?;
    let request = Request::get(format!("{}/login", target.origin())).body(Body::empty())?;
    let page = whole(&mut sender, request).await?;
    if page.contains("password") { Ok(()) } else { Err("the page asks for no password".into()) }
}

async fn open(target: &Target) -> Result<SendRequest<Body>, Failure> {
    let stream = TokioIo::new(target.http2(HOME).await?);
    let (sender, connection) = handshake(TokioExecutor::new(), stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn whole(sender: &mut SendRequest<Body>, request: Request<Body>) -> Result<String, Failure> {
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("a page is answered with {}", response.status()).into());
    }
    let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.map_err(|error| told(&error))?;
    Ok(String::from_utf8(body.to_vec())?)
}

/// An error with what it came from.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

fn named(what: &str, outcome: Result<Outcome, Failure>) -> Result<Outcome, Failure> {
    outcome.map_err(|error| format!("{what}: {error}").into())
}
