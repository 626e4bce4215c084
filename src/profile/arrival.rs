//! How a visit began: where it came from, by GA4's default channel groups
//! (<https://support.google.com/analytics/answer/9756891>).

use crate::condition::Known;
use crate::json::Value;
use crate::plan::ARRIVAL;
use crate::words::has;

/// The facts of how a visit began, only those that rules ask for: the path they are found at, and the value.
pub type Arrival = Vec<(u8, String)>;

/// Longer facts are cut: an address can carry anything, and a profile is small.
const LONGEST: usize = 256;

/// What `page` tells of how a visit began, as far as `keep` asks for it. A visit that begins in the midst of a page (not
/// `by_page`, but by another event) has that page for its entry, and came from nowhere.
#[must_use]
pub fn arrival(page: &Value, by_page: bool, keep: &[Known]) -> Arrival {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::text).unwrap_or_default().to_owned();
    let (mut query, mut referrer) = (Value::Null, text(page, "referrer"));
    if by_page {
        query = page.get("query").cloned().unwrap_or_default();
    }
    if !by_page || host_of(&referrer) == host_of(&text(page, "host")) {
        referrer.clear();
    }
    let utm = |key: &str| text(&query, key);
    let mut facts = Vec::new();
    for (index, known) in (0u8..).zip(ARRIVAL) {
        if !keep.contains(&known) {
            continue;
        }
        let value = match known {
            Known::VisitEntry => text(page, "path"),
            Known::Referrer => referrer.clone(),
            Known::Channel => channel(host_of(&referrer), &query).to_owned(),
            Known::UtmSource => utm("utm_source"),
            Known::UtmMedium => utm("utm_medium"),
            Known::UtmCampaign => utm("utm_campaign"),
            Known::UtmTerm => utm("utm_term"),
            _ => utm("utm_content"),
        };
        if !value.is_empty() {
            facts.push((index, value.chars().take(LONGEST).collect()));
        }
    }
    facts
}

/// The fact at `known`, when there is one.
pub(crate) fn arrival_fact(arrival: &Arrival, known: Known) -> Option<&str> {
    let place = ARRIVAL.iter().position(|fact| *fact == known)?;
    arrival
        .iter()
        .find(|(index, _)| usize::from(*index) == place)
        .map(|(_, value)| value.as_str())
}

/// The host of an address, without `www.` and port.
fn host_of(address: &str) -> &str {
    // The scheme, where there is one, ends with the first colon and two slashes.
    let rest = address
        .split_once(':')
        .map_or(address, |(_, rest)| rest.strip_prefix("//").unwrap_or(address));
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

const SEARCH: [&str; 17] = [
    "google",
    "bing",
    "duckduckgo",
    "yahoo",
    "ecosia",
    "baidu",
    "yandex",
    "qwant",
    "startpage",
    "naver",
    "daum",
    "seznam",
    "ask",
    "aol",
    "brave",
    "sogou",
    "so",
];
const SOCIAL: [&str; 19] = [
    "facebook",
    "instagram",
    "linkedin",
    "twitter",
    "x",
    "t",
    "reddit",
    "pinterest",
    "tiktok",
    "threads",
    "bsky",
    "mastodon",
    "tumblr",
    "vk",
    "whatsapp",
    "telegram",
    "snapchat",
    "quora",
    "lnkd",
];
const VIDEO: [&str; 5] = ["youtube", "vimeo", "dailymotion", "twitch", "youtu"];
const SHOPPING: [&str; 7] = ["amazon", "ebay", "etsy", "walmart", "alibaba", "idealo", "shopzilla"];

/// Whether a source (a host, or a name from `utm_source`) is one of `names`: `google` stands for `www.google.co.uk` too.
fn is_of(source: &str, names: &[&str]) -> bool {
    let labels: Vec<&str> = source.split('.').collect();
    // The label before the public suffix, which has one or two labels: `google.com`, `google.co.uk`.
    let site = match labels.as_slice() {
        [name] => name,
        [.., name, second, top] if second.len() <= 3 && top.len() == 2 && *second != "t" => name,
        [.., name, _] => name,
        [] => return false,
    };
    names.contains(site)
}

/// The channel of a visit: the first of GA4's groups whose definition fits.
fn channel(referrer: &str, query: &Value) -> &'static str {
    let text = |key: &str| {
        query
            .get(key)
            .and_then(Value::text)
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let (mut source, mut medium, campaign) = (text("utm_source"), text("utm_medium"), text("utm_campaign"));
    // An advertiser's click id stands for a paid click where the tags are missing.
    if medium.is_empty() && source.is_empty() {
        if query.get("gclid").is_some() || query.get("wbraid").is_some() || query.get("gbraid").is_some() {
            (source, medium) = ("google".to_owned(), "cpc".to_owned());
        } else if query.get("msclkid").is_some() {
            (source, medium) = ("bing".to_owned(), "cpc".to_owned());
        }
    }
    if source.is_empty() {
        referrer.clone_into(&mut source);
    }
    let paid = has(&medium, "cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid");
    let one_of = |names: &[&str]| names.contains(&medium.as_str());
    let email = ["email", "e-mail", "e_mail", "e mail"];
    if source.is_empty() && medium.is_empty() && campaign.is_empty() {
        "direct"
    } else if has(&campaign, "cross-network") {
        "cross_network"
    } else if paid && (is_of(&source, &SHOPPING) || has(&campaign, "shopping")) {
        "paid_shopping"
    } else if paid && is_of(&source, &SEARCH) {
        "paid_search"
    } else if paid && is_of(&source, &SOCIAL) {
        "paid_social"
    } else if paid && is_of(&source, &VIDEO) {
        "paid_video"
    } else if one_of(&["display", "banner", "expandable", "interstitial", "cpm"]) {
        "display"
    } else if paid {
        "paid_other"
    } else if is_of(&source, &SHOPPING) || has(&campaign, "shopping") {
        "organic_shopping"
    } else if is_of(&source, &SOCIAL)
        || one_of(&[
            "social",
            "social-network",
            "social-media",
            "sm",
            "social network",
            "social media",
        ])
    {
        "organic_social"
    } else if is_of(&source, &VIDEO) || has(&medium, "video") {
        "organic_video"
    } else if is_of(&source, &SEARCH) || medium == "organic" {
        "organic_search"
    } else if email.contains(&source.as_str()) || email.contains(&medium.as_str()) {
        "email"
    } else if one_of(&["affiliate", "affiliates"]) {
        "affiliates"
    } else if medium == "audio" {
        "audio"
    } else if source == "sms" || medium == "sms" {
        "sms"
    } else if medium.ends_with("push") || has(&medium, "mobile") || has(&medium, "notification") {
        "mobile_push"
    } else {
        "referral"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_those_of_ga4() {
        let cases = [
            ("", "", "", "direct"),
            ("https://www.google.com/", "", "", "organic_search"),
            ("https://www.google.co.uk/search?q=x", "", "", "organic_search"),
            ("https://news.google-fans.example/", "", "", "referral"),
            ("https://duckduckgo.com/", "", "", "organic_search"),
            ("https://t.co/abc", "", "", "organic_social"),
            ("https://m.facebook.com/", "", "", "organic_social"),
            ("https://www.youtube.com/watch", "", "", "organic_video"),
            ("https://news.example/a", "", "", "referral"),
            ("https://shop.example/cart", "", "", "direct"),
            ("", "google", "cpc", "paid_search"),
            ("", "facebook", "paid_social", "paid_social"),
            ("", "newsletter", "email", "email"),
            ("https://news.example/a", "mail", "", "referral"),
            ("", "partner", "affiliate", "affiliates"),
            ("", "x", "banner", "display"),
            ("", "radio", "audio", "audio"),
        ];
        for (referrer, source, medium, wanted) in cases {
            let mut query = Value::Map(Vec::new());
            for (key, value) in [("utm_source", source), ("utm_medium", medium)] {
                if !value.is_empty() {
                    query.set(key, value.into());
                }
            }
            let mut page = Value::Map(vec![
                ("host".into(), "shop.example".into()),
                ("path".into(), "/".into()),
            ]);
            page.set("referrer", referrer.into());
            page.set("query", query);
            let facts = arrival(&page, true, &[Known::Channel]);
            assert_eq!(
                arrival_fact(&facts, Known::Channel),
                Some(wanted),
                "{referrer} {source} {medium}"
            );
        }
    }

    #[test]
    fn only_what_is_asked_for_is_noted() {
        let page = Value::Map(vec![
            ("path".into(), "/a".into()),
            ("referrer".into(), "https://news.example/x".into()),
        ]);
        assert_eq!(arrival(&page, true, &[]), []);
        assert_eq!(arrival(&page, true, &[Known::VisitEntry]), [(0, "/a".to_owned())]);
        assert_eq!(
            arrival(&page, true, &[Known::Referrer]),
            [(1, "https://news.example/x".to_owned())]
        );
    }
}
