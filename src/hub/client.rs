//! The thin HTTP client of [`super::fetch`]: redirects, tokens, resumption and the words for what goes wrong.
//!
//! Written here because the crate hf-hub (0.5) resumes, but neither compares a download with the hub's checksum nor tells
//! a refused token from an absent model in words; both stand on `ureq`, and hf-hub adds crates of its own to that.

use std::io::Read;
use std::time::Duration;

use ureq::http::{Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// Redirects followed for one request.
const REDIRECTS: usize = 8;
/// Silence after which a connection counts as cut.
const SILENCE: Duration = Duration::from_secs(60);

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again may help: a cut connection, an overloaded server.
    Passing(String),
    /// It will not.
    Final(String),
}

/// What the hub says of a file, over all redirects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// `x-linked-etag` or `etag`: a SHA-256 for large files, a git blob hash for small ones.
    pub(crate) etag: Option<String>,
    /// Size of the whole file.
    pub(crate) size: Option<u64>,
}

/// An answer whose body has not been read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) facts: Facts,
    /// First byte of the body in the file; 0 unless the server resumed.
    pub(crate) start: u64,
    response: Response<Body>,
}

impl Answer {
    pub(crate) fn reader(self) -> impl Read {
        self.response.into_body().into_reader()
    }
}

/// One hub.
pub(crate) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
}

impl Client {
    /// A client for an endpoint. Proxies (HTTP and SOCKS) come from `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`;
    /// `SSL_CERT_FILE` replaces the built-in certificates, as a company's proxy may need.
    pub(crate) fn new(endpoint: &str, token: Option<String>) -> Result<Self, String> {
        if !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
            return Err(format!("HF_ENDPOINT is `{endpoint}`; write an address such as https://huggingface.co"));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("motif/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            let pem = std::fs::read(&path)
                .map_err(|error| format!("cannot read the certificates of SSL_CERT_FILE: {error}"))?;
            let certificates: Vec<_> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build();
            config = config.tls_config(tls);
        }
        Ok(Self { agent: config.build().into(), endpoint: endpoint.trim_end_matches('/').to_owned(), token })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A GET of a path of the hub, from a byte on. Redirects are followed by hand, so that the hub's own headers are
    /// seen and the token never reaches another host.
    pub(crate) fn get(&self, path: &str, from: u64) -> Result<Answer, Failure> {
        let mut url = format!("{}{path}", self.endpoint);
        let home = origin(&url);
        let (mut facts, mut linked) = (Facts::default(), None);
        for _ in 0..=REDIRECTS {
            let mut request = self.agent.get(&url);
            if from > 0 {
                request = request.header("Range", format!("bytes={from}-"));
            }
            if let Some(token) = &self.token
                && origin(&url) == home
            {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            let response = request.call().map_err(|error| Failure::Passing(unreachable(&url, &error)))?;
            let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.trim().to_owned());
            // The hub's own word for the file; without it, the last answer's: a tag of a redirect is the redirect's.
            linked = linked.or_else(|| header("x-linked-etag"));
            let etag = linked.clone().or_else(|| header("etag"));
            facts.etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_owned());
            facts.size = facts.size.or(header("x-linked-size").and_then(|size| size.parse().ok()));
            let status = response.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                let target = header("location")
                    .ok_or_else(|| Failure::Final("the hub redirects without saying where to".to_owned()))?;
                url = resolve(&url, &target).ok_or_else(|| {
                    Failure::Final("the hub redirects to an address that is not of the web".to_owned())
                })?;
                continue;
            }
            let mut start = 0;
            if matches!(status, 206 | 416) {
                // "bytes 100-199/200", or "bytes */200" when nothing is left
                let range = header("content-range").unwrap_or_default();
                let (span, whole) = range.trim_start_matches("bytes ").split_once('/').unwrap_or_default();
                start = span.split('-').next().and_then(|first| first.parse().ok()).unwrap_or(u64::MAX);
                facts.size = facts.size.or(whole.parse().ok());
            } else if status == 200 {
                facts.size = facts.size.or(header("content-length").and_then(|size| size.parse().ok()));
            }
            return Ok(Answer { status, facts, start, response });
        }
        Err(Failure::Final(format!("the hub redirects more than {REDIRECTS} times")))
    }

    /// Why a status other than success was given.
    pub(crate) fn refusal(&self, status: u16, what: &str) -> Failure {
        let endpoint = &self.endpoint;
        let has_token = self.token.is_some();
        match status {
            401 | 403 if has_token => Failure::Final(format!(
                "{endpoint} refuses access to {what} (HTTP {status}): the token of HF_TOKEN is wrong, or has no right to \
                 this model; accept the model's conditions on its page with the same account"
            )),
            401 | 403 => Failure::Final(format!(
                "{endpoint} refuses access to {what} (HTTP {status}): the model is private, asks for its conditions to be \
                 accepted, or does not exist; check the id, and set HF_TOKEN to a token that may read it"
            )),
            404 => Failure::Final(format!(
                "{endpoint} has no {what} (HTTP 404); check the id (ORG/NAME), the revision and HF_ENDPOINT"
            )),
            429 => Failure::Passing(format!("{endpoint} asks to slow down (HTTP 429)")),
            500..=599 => Failure::Passing(format!("{endpoint} has a problem of its own (HTTP {status})")),
            _ => Failure::Final(format!("{endpoint} answers HTTP {status} for {what}")),
        }
    }
}

fn unreachable(url: &str, error: &ureq::Error) -> String {
    let host = origin(url).map_or_else(|| url.to_owned(), |(_, host)| host);
    format!("cannot reach {host}: {error}; check the connection, HF_ENDPOINT and the proxy variables")
}

/// Scheme and host with port.
fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    Some((uri.scheme_str()?.to_owned(), uri.authority()?.as_str().to_owned()))
}

/// The address that a `Location` stands for.
fn resolve(url: &str, target: &str) -> Option<String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return Some(target.to_owned());
    }
    let (scheme, host) = origin(url)?;
    target.starts_with('/').then(|| format!("{scheme}://{host}{target}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_resolved_against_the_address_they_came_from() {
        let url = "https://hub.example/a/b?c=d";
        assert_eq!(resolve(url, "/x").unwrap(), "https://hub.example/x");
        assert_eq!(resolve(url, "http://cdn.example/y").unwrap(), "http://cdn.example/y");
        assert_eq!(resolve(url, "file:///etc/passwd"), None);
        assert_ne!(origin("http://h:1/"), origin("http://h:2/"));
    }
}
