//! `content`: what an offer says. It is data: a template's name and the fields to fill it with.

use super::problem::nearest;
use super::reader::{Node, Report};
use crate::json::Value;

/// The templates that Maitre brings along, and whether they are for overlays; without that, for both. Any other name is the
/// id of a `<template>` of the page.
const BUILT_IN: [(&str, Option<bool>); 7] = [
    ("card", None),
    ("banner", None),
    ("text", None),
    ("inline", Some(false)),
    ("modal", Some(true)),
    ("bar", Some(true)),
    ("toast", Some(true)),
];
const FIELDS: [&str; 8] = ["template", "title", "text", "image", "alt", "cta", "link", "dismiss"];

/// `overlay`: whether it appears over the page; without that, both is possible.
pub(super) fn check(node: &Node, overlay: Option<bool>, report: &mut Report) {
    if !report.map(node, "what to show") {
        return;
    }
    let Some(template) = report.required(node, "template", "\"card\"") else {
        return;
    };
    let Some(name) = report.text(&template, "card") else {
        return;
    };
    let of_ours = BUILT_IN.iter().find(|(known, _)| *known == name);
    let built_in = of_ours.is_some();
    if let Some((_, Some(needed))) = of_ours
        && overlay.is_some_and(|overlay| overlay != *needed)
    {
        let (what, remedy) = if *needed {
            (
                "`%` appears over the page, and this placement is in it",
                "write `card`, `banner` or `text`, or give the placement `\"kind\": \"overlay\"`",
            )
        } else {
            (
                "`%` stands in the page, and this placement is over it",
                "write `modal`, `bar` or `toast`",
            )
        };
        report.error(&template, what, remedy, &[name]);
    }
    let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    if let (false, Some(near)) = (built_in, nearest(name, &names)) {
        report.warn(
            &template,
            "`%` is not a built-in template, but the id of one in the page",
            "write `%` if you mean the built-in one",
            &[name, near],
        );
    }
    if built_in {
        report.object(node, "what to show", &FIELDS, &[]);
    }
    for (key, field) in node.members() {
        match (key, field.value) {
            ("template", _) | ("dismiss", Value::Bool(false)) => {}
            ("link", _) => check_address(&field, true, report),
            ("image", _) => check_address(&field, false, report),
            (_, Value::Text(_)) => {}
            (_, Value::Number(_)) if !built_in => {}
            _ => report.expected(&field, "a text", "write a text in double quotes"),
        }
    }
    if built_in
        && !["title", "text", "image", "cta"]
            .iter()
            .any(|field| node.value.get(field).is_some())
    {
        report.error(node, "there is nothing to show", "write a `title` or a `text`", &[]);
    }
    if built_in && node.get("link").is_some() != node.get("cta").is_some() {
        let (there, missing) = if node.get("link").is_some() {
            ("link", "cta")
        } else {
            ("cta", "link")
        };
        if there == "cta" || node.value.get("title").is_none() {
            report.warn(
                node,
                "there is a `%` but no `%`",
                "write a `%` too",
                &[there, missing, missing],
            );
        }
    }
    if node.get("image").is_some() && node.get("alt").is_none() {
        report.warn(
            node,
            "the image has no `alt`",
            "write what it shows, or `\"\"` if it only decorates",
            &[],
        );
    }
}

/// Where a link may lead: `https:`, `mailto:`, `tel:` or this site. An image may come from the first and the last.
fn check_address(node: &Node, link: bool, report: &mut Report) {
    let Some(address) = report.text(node, "/running") else {
        return;
    };
    let scheme = address
        .find(':')
        .filter(|colon| !address.get(..*colon).unwrap_or_default().contains(['/', '?', '#']));
    let scheme = scheme
        .and_then(|colon| address.get(..colon))
        .map(str::to_ascii_lowercase);
    let allowed = match scheme.as_deref() {
        Some("https") => true,
        Some("mailto" | "tel") => link,
        Some(_) => false,
        None => !address.starts_with("//") && !address.starts_with('\\') && !address.starts_with("/\\"),
    };
    // Browsers drop tabs and line breaks from addresses, and with them a check of the scheme.
    let clean = !address.contains(|letter: char| letter.is_control()) && address.trim_ascii() == address;
    if !(allowed && clean) {
        let remedy = match (scheme.as_deref(), link) {
            (Some("http"), _) => "write it with `https:`",
            (_, true) => "write a path of this site (`/…`), `https:`, `mailto:` or `tel:`",
            (_, false) => "write a path of this site (`/…`) or `https:`",
        };
        report.error(node, "`%` is not an address that may be used here", remedy, &[address]);
    } else if scheme.is_none() && !address.starts_with(['/', '.', '?', '#']) {
        let what = "`%` leads elsewhere from each folder of the site";
        report.warn(
            node,
            what,
            "write `/%`, or `https://%` if it is another site",
            &[address, address, address],
        );
    }
}
