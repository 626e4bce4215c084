//! How a visit began: where it came from, by GA4's default channel groups
//! (<https://support.google.com/analytics/answer/9756891>).

use crate::condition::Known;
use crate::json::Value;
use crate::plan::ARRIVAL;
use crate::words::{has, pieces};

/// The facts of how a visit began, only those that rules ask for: the path they are found at, and the value.
pub type Arrival = Vec<(u8, String)>;

/// Longer facts are cut: an address can carry anything, and a profile is small.
const LONGEST: usize = 256;

/// What `page` tells of how a visit began, as far as `keep` asks for it. A visit that begins in the midst of a page (not
/// `by_page`, but by another event) has that page for its entry, and came from nowhere.
#[must_use]
pub fn arrival(page: &Value, by_page: bool, keeps: &dyn Fn(Known) -> bool) -> Arrival {
    let nothing = Value::Null;
    let query = page.get("query").filter(|_| by_page).unwrap_or(&nothing);
    let mut referrer = text_at(page, "referrer");
    if !by_page || host_of(referrer) == host_of(text_at(page, "host")) {
        referrer = "";
    }
    let mut facts = Vec::new();
    for (index, known) in (0u8..).zip(ARRIVAL) {
        if !keeps(known) {
            continue;
        }
        let value = match known {
            Known::VisitEntry => text_at(page, "path"),
            Known::Referrer => referrer,
            Known::Channel => channel(host_of(referrer), query),
            Known::UtmSource => text_at(query, "utm_source"),
            Known::UtmMedium => text_at(query, "utm_medium"),
            Known::UtmCampaign => text_at(query, "utm_campaign"),
            Known::UtmTerm => text_at(query, "utm_term"),
            _ => text_at(query, "utm_content"),
        };
        if !value.is_empty() {
            let mut cut = String::new();
            for letter in value.chars().take(LONGEST) {
                cut.push(letter);
            }
            facts.push((index, cut));
        }
    }
    facts
}

fn text_at<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::text).unwrap_or_default()
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
    let mut parts = pieces(address, b":");
    parts.next();
    let rest = parts.rest().and_then(|rest| rest.strip_prefix("//")).unwrap_or(address);
    let host = pieces(rest, b"/?#:").next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

/// Where visitors come from: search engines, social networks, video sites and shops, by the name of their site.
const SITES: [&str; 4] = [
    "google bing duckduckgo yahoo ecosia baidu yandex qwant startpage naver daum seznam ask aol brave sogou so",
    "facebook instagram linkedin twitter x t reddit pinterest tiktok threads bsky mastodon tumblr vk whatsapp telegram snapchat quora lnkd",
    "youtube vimeo dailymotion twitch youtu",
    "amazon ebay etsy walmart alibaba idealo shopzilla",
];
const SOCIAL: usize = 1;
const VIDEO: usize = 2;
const SHOP: usize = 3;
/// The paid channels of each.
const PAID: [&str; 4] = ["paid_search", "paid_social", "paid_video", "paid_shopping"];

/// Which of [`SITES`] a source is (a host, or a name from `utm_source`): `google` stands for `www.google.co.uk` too.
fn kind_of(source: &str) -> Option<usize> {
    let mut labels = Vec::new();
    for label in pieces(source, b".") {
        labels.push(label);
    }
    // The label before the public suffix, which has one or two labels: `google.com`, `google.co.uk`.
    let site = match labels.as_slice() {
        [name] => name,
        [.., name, second, top] if second.len() <= 3 && top.len() == 2 && *second != "t" => name,
        [.., name, _] => name,
        [] => return None,
    };
    SITES.iter().position(|names| is_one_of(site, names))
}

fn is_one_of(name: &str, names: &str) -> bool {
    pieces(names, b" ").any(|known| known == name)
}

/// The channel of a visit: the first of GA4's groups whose definition fits.
fn channel(referrer: &str, query: &Value) -> &'static str {
    let text = |key: &str| text_at(query, key).to_ascii_lowercase();
    let (mut source, mut medium, campaign) = (text("utm_source"), text("utm_medium"), text("utm_campaign"));
    // An advertiser's click id stands for a paid click where the tags are missing. All of these are of search engines.
    let clicks = ["gclid", "wbraid", "gbraid", "msclkid"];
    if medium.is_empty() && source.is_empty() && clicks.iter().any(|id| query.get(id).is_some()) {
        (source, medium) = ("google".to_owned(), "cpc".to_owned());
    }
    if source.is_empty() {
        referrer.clone_into(&mut source);
    }
    let kind = if has(&campaign, "shopping") {
        Some(SHOP)
    } else {
        kind_of(&source)
    };
    let spaced = |text: &str| {
        let mut joined = String::new();
        for letter in text.chars() {
            joined.push(if letter == ' ' { '-' } else { letter });
        }
        joined
    };
    let medium = spaced(&medium);
    let is_paid = has(&medium, "cp") || is_one_of(&medium, "ppc retargeting") || medium.starts_with("paid");
    let paid = kind.filter(|_| is_paid).and_then(|kind| PAID.get(kind).copied());
    let email = "email e-mail e_mail";
    if source.is_empty() && medium.is_empty() && campaign.is_empty() {
        "direct"
    } else if has(&campaign, "cross-network") {
        "cross_network"
    } else if let Some(paid) = paid {
        paid
    } else if is_one_of(&medium, "display banner expandable interstitial cpm") {
        "display"
    } else if is_paid {
        "paid_other"
    } else if kind == Some(SHOP) {
        "organic_shopping"
    } else if kind == Some(SOCIAL) || is_one_of(&medium, "social social-network social-media sm") {
        "organic_social"
    } else if kind == Some(VIDEO) || has(&medium, "video") {
        "organic_video"
    } else if kind.is_some() || medium == "organic" {
        "organic_search"
    } else if is_one_of(&spaced(&source), email) || is_one_of(&medium, email) {
        "email"
    } else if is_one_of(&medium, "affiliate affiliates") {
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
            let facts = arrival(&page, true, &|known| known == Known::Channel);
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
        assert_eq!(arrival(&page, true, &|_| false), []);
        assert_eq!(
            arrival(&page, true, &|known| known == Known::VisitEntry),
            [(0, "/a".to_owned())]
        );
        assert_eq!(
            arrival(&page, true, &|known| known == Known::Referrer),
            [(1, "https://news.example/x".to_owned())]
        );
    }
}
