//! `site`: what holds for the whole site.

use super::problem::nearest;
use super::reader::{Node, Report};
use crate::host::Zone;
use crate::time::{DAY, MINUTE, Millis};

/// What holds for the whole site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The time zone of rules; `None`: the visitor's own.
    pub zone: Option<Zone>,
    /// After this long without events, the next one opens a new visit; in ms.
    pub timeout: Millis,
    /// A profile that was not touched for this long is forgotten; in ms.
    pub retention: Millis,
    /// How much an offer's value to the site and to the visitor weigh.
    pub balance: (f64, f64),
    /// The attributes of the visitor (`user.<name>`) that may be kept.
    pub keep: Vec<String>,
}

impl Default for Site {
    fn default() -> Self {
        Site {
            zone: Some(Zone("UTC".to_owned())),
            timeout: 30 * MINUTE,
            retention: 400 * DAY,
            balance: (1.0, 1.0),
            keep: Vec::new(),
        }
    }
}

pub(super) fn read(node: &Node, report: &mut Report) -> Site {
    let mut site = Site::default();
    if !report.object(
        node,
        "the site",
        &["timezone", "visit", "retention", "balance", "keep"],
        &["holdout"],
    ) {
        return site;
    }
    if let Some(zone) = node.get("timezone") {
        read_zone(&zone, &mut site, report);
    }
    if let Some(visit) = node.get("visit")
        && report.object(&visit, "what a visit is", &["timeout"], &[])
        && let Some(timeout) = visit.get("timeout").and_then(|timeout| report.span(&timeout))
    {
        site.timeout = timeout;
    }
    if let Some(retention) = node.get("retention").and_then(|retention| report.span(&retention)) {
        site.retention = retention;
    }
    if let Some(balance) = node.get("balance")
        && report.object(&balance, "the weights of value", &["site", "visitor"], &[])
    {
        let mut weight = |key| balance.get(key).map_or(Some(1.0), |weight| report.amount(&weight));
        site.balance = (weight("site").unwrap_or(1.0), weight("visitor").unwrap_or(1.0));
    }
    if let Some(keep) = node.get("keep").filter(|keep| report.few(keep, super::limits::NAMED)) {
        if !matches!(keep.value, crate::json::Value::List(_)) {
            report.expected(&keep, "a list of names", "write for example `[\"plan\"]`");
        }
        for name in keep.items() {
            match report.text(&name, "plan") {
                Some(name) if !name.contains('.') => site.keep.push(name.to_owned()),
                Some(text) => {
                    let first = text
                        .strip_prefix("user.")
                        .unwrap_or(text)
                        .split('.')
                        .next()
                        .unwrap_or_default();
                    report.error(&name, "only whole attributes can be kept", "write `\"%\"`", &[first]);
                }
                None => {}
            }
        }
    }
    site
}

fn read_zone(node: &Node, site: &mut Site, report: &mut Report) {
    let Some(name) = report.text(node, "Europe/Paris") else {
        return;
    };
    if name == "visitor" {
        site.zone = None;
    } else if report.host.offset(name, 0).is_some() {
        site.zone = Some(Zone(name.to_owned()));
    } else {
        let zones = report.host.zones();
        let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
        let near = nearest(name, &zones);
        let remedy = match near {
            Some(_) => "write `\"%\"`",
            None => "write an IANA name such as `\"Europe/Paris\"`, or `\"visitor\"` for the visitor's own",
        };
        report.error(node, "unknown time zone `%`", remedy, &[name, near.unwrap_or_default()]);
    }
}
