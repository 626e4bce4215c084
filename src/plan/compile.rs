//! From a config to the records of a plan: equal parts once, offers by value, events by name, everything stored by its key.

use super::Plan;
use super::keep::Keep;
use super::layout::{fold, root};
use super::needs::private_offers;
use crate::bucket::fnv1a;
use crate::condition::{Check, Condition, Op, Path, Scribe};
use crate::config::{After, Cap, Config, Edge, Fold, Limit, Offer, Period, Rest};
use crate::host::Host;
use crate::json::Value;
use crate::names::Names;
use crate::time::Millis;
use std::collections::BTreeMap;

impl Plan {
    /// Compiles a config. `visitor_zone` is the visitor's own time zone, for sites that follow it.
    #[must_use]
    pub fn new(config: Config, visitor_zone: &str, host: &dyn Host) -> Plan {
        let plan = Plan::compile(&config, true, host);
        Plan {
            private: private_offers(&config),
            skipped: config.skipped,
            ..Plan::of(plan.records, visitor_zone, host)
        }
    }

    /// All that doesn't depend on the visitor. `in_words`: with what only explanations need.
    #[must_use]
    pub fn compile(config: &Config, in_words: bool, host: &dyn Host) -> Plan {
        let families = families(config);
        let links = links(config);
        let keep = Keep::of(config, &families, &links);
        let mut scribe = Scribe {
            in_words,
            ..Scribe::default()
        };
        for audience in &config.audiences {
            scribe.audiences.push((audience.condition.clone(), None));
        }
        let mut compiler = Compiler {
            scribe,
            edges: Vec::new(),
            edge_numbers: BTreeMap::new(),
            config,
            keep,
            host,
        };
        let root = compiler.root(&families, &links);
        Plan {
            records: compiler.scribe.writer.done(&root),
            ..Plan::default()
        }
    }
}

struct Compiler<'c> {
    scribe: Scribe,
    edges: Vec<Edge>,
    /// The number of each edge.
    edge_numbers: BTreeMap<(Millis, bool), usize>,
    config: &'c Config,
    keep: Keep,
    host: &'c dyn Host,
}

impl Compiler<'_> {
    fn root(&mut self, families: &[Vec<usize>], links: &[usize]) -> [usize; root::LENGTH] {
        let config = self.config;
        let mut fields = [0; root::LENGTH];
        let mut set = |field: usize, word: usize| {
            if let Some(place) = fields.get_mut(field) {
                *place = word;
            }
        };
        if let Some(zone) = &config.site.zone {
            let name = self.scribe.writer.text(&zone.0);
            set(root::ZONE, self.scribe.writer.record(&[1, name]));
        }
        set(root::TIMEOUT, self.amount(config.site.timeout as f64));
        set(root::RETENTION, self.amount(config.site.retention as f64));
        set(root::SOUND, config.sound.into());

        let offers = config.offers.iter().enumerate();
        let offers: Vec<usize> = offers.map(|(index, offer)| self.offer(index, offer)).collect();
        set(root::OFFERS, self.list(offers.iter().copied()));
        let names: Vec<&str> = config.audiences.iter().map(|audience| audience.name.as_str()).collect();
        set(
            root::AUDIENCES,
            if self.scribe.in_words { self.texts(names) } else { 0 },
        );
        let (placements, entries) = self.placements(&offers, links);
        set(root::PLACEMENTS, placements);
        set(root::ENTRIES, entries);
        set(root::IDS, self.texts(config.ids.all().iter().map(String::as_str)));
        let mut by_id = vec![0; config.ids.all().len()];
        for (index, offer) in config.offers.iter().enumerate() {
            if let Some(place) = by_id.get_mut(offer.id) {
                *place = index + 1;
            }
        }
        set(root::OFFERS_BY_ID, self.list(by_id));
        let families: Vec<usize> = families
            .iter()
            .map(|family| self.list(family.iter().copied()))
            .collect();
        set(root::FAMILIES, self.list(families));

        let mut tallies = Vec::new();
        let mut keys = Vec::new();
        for (index, (tally, name)) in config.tallies.iter().zip(config.tally_names.all()).enumerate() {
            let fold = self.fold(&tally.fold);
            let keep = self.keep.tallies.get(index).copied().unwrap_or_default();
            let keep = keep.write(&mut self.scribe.writer);
            let stored = fnv1a(name) as usize;
            tallies.push(self.scribe.writer.record(&[fold, keep, stored >> 16, stored & 0xffff]));
            keys.push(fnv1a(name));
        }
        set(root::TALLIES, self.list(tallies));
        set(root::TALLIES_SORTED, self.scribe.writer.sorted(&keys));
        let signals = (0..config.tallies.len()).filter(|index| {
            let signal = config.tallies.get(*index).map(|tally| &tally.fold);
            matches!(signal, Some(Fold::Signal(..))) && self.keep.asks(*index)
        });
        let signals: Vec<usize> = signals.collect();
        set(root::SIGNALS, self.list(signals));

        let happenings = self.happenings();
        let (events, event_keys) = self.events(&happenings);
        set(root::EVENTS, events);
        set(root::EVENTS_SORTED, event_keys);
        let mut places = Vec::new();
        for (happening, tallies) in config.happenings.iter().zip(happenings) {
            let event = self.scribe.writer.text(&happening.event);
            let filter = happening
                .filter
                .as_ref()
                .map_or(0, |filter| self.scribe.condition(filter));
            let tallies = self.list(tallies);
            places.push(self.scribe.writer.record(&[event, filter, tallies]));
        }
        set(root::HAPPENINGS, self.list(places));

        let mut interests = Vec::new();
        for interest in &config.interests {
            let title = if interest.is_private() { "" } else { &interest.title };
            let words = [
                self.scribe.writer.text(&interest.topic),
                self.scribe.writer.text(title),
                interest.tally,
            ];
            interests.push(self.scribe.writer.record(&words));
        }
        set(root::INTERESTS, self.list(interests));
        let mut stages = Vec::new();
        for stage in &config.stages {
            let words = [self.scribe.writer.text(&stage.name), self.scribe.condition(&stage.when)];
            stages.push(self.scribe.writer.record(&words));
        }
        set(root::STAGES, self.list(stages));
        let mut pressures = Vec::new();
        for pressure in &config.pressures {
            let limit = self.limit(&pressure.limit);
            pressures.push(self.scribe.writer.record(&[pressure.scope, limit]));
        }
        set(root::PRESSURES, self.list(pressures));

        let mut keys: Vec<u32> = config.ids.all().iter().map(|id| fnv1a(id)).collect();
        let mut scopes = Vec::new();
        for scope in &config.scopes {
            let key = fnv1a(&config.scope_name(scope));
            keys.push(key);
            let stored = key as usize;
            let placements = self.list(scope.iter().copied());
            scopes.push(self.scribe.writer.record(&[placements, stored >> 16, stored & 0xffff]));
        }
        set(root::SCOPES, self.list(scopes));
        set(root::HISTORIES_SORTED, self.scribe.writer.sorted(&keys));
        let histories: Vec<usize> = self
            .keep
            .histories
            .iter()
            .map(|keep| keep.write(&mut self.scribe.writer))
            .collect();
        set(root::HISTORIES, self.list(histories));

        let keep = std::mem::take(&mut self.keep);
        set(root::KEEP_VISIT, keep.visit.into());
        set(root::KEEP_DWELL, keep.dwell.into());
        set(root::KEEP_STAGE, keep.stage.into());
        set(root::KEEP_CART, keep.cart.into());
        set(root::KEEP_USER, self.texts(keep.user.iter().map(String::as_str)));
        set(
            root::KEEP_ARRIVAL,
            self.list(keep.arrival.iter().map(|known| *known as usize)),
        );
        let mut edges = Vec::new();
        for edge in std::mem::take(&mut self.edges) {
            let at = self.amount(edge.at as f64);
            edges.push(self.scribe.writer.record(&[at, edge.is_local.into()]));
        }
        set(root::EDGES, self.list(edges));

        let attributes = std::mem::take(&mut self.scribe.attributes);
        set(
            root::ATTRIBUTES,
            self.texts(attributes.all().iter().map(String::as_str)),
        );
        set(root::ATTRIBUTES_SORTED, self.scribe.writer.sorted(attributes.all()));
        set(root::TESTS, self.scribe.writer.numbers());
        fields
    }

    fn amount(&mut self, amount: f64) -> usize {
        self.scribe.writer.amount(amount)
    }

    fn list(&mut self, words: impl IntoIterator<Item = usize>) -> usize {
        self.scribe.writer.list(words)
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> usize {
        let mut words = Vec::new();
        for text in texts {
            words.push(self.scribe.writer.text(text));
        }
        self.list(words)
    }

    /// A value as JSON text, or "".
    fn json(&mut self, value: Option<&Value>) -> usize {
        let json = value.map_or(String::new(), |value| value.to_json(self.host));
        self.scribe.writer.text(&json)
    }

    fn offer(&mut self, index: usize, offer: &Offer) -> usize {
        let placements = self.list(offer.placements.iter().copied());
        let eligible = self.scribe.whole(&offer.eligible);
        let triggers = self.list(offer.triggers.iter().copied());
        let schedule = self.schedule(&offer.schedule);
        let caps: Vec<usize> = offer.caps.iter().map(|cap| self.cap(cap)).collect();
        let caps = self.list(caps);
        let rests: Vec<usize> = offer.rests.iter().map(|rest| self.rest(rest)).collect();
        let rests = self.list(rests);
        let value = self.amount(offer.value);
        let fit = offer.fit.as_ref().map_or(0, |path| self.scribe.path(path));
        let content = self.json(Some(&offer.content));
        let family = offer.family.map_or(0, |family| family + 1);
        let words = [
            offer.id, placements, family, eligible, triggers, schedule, caps, rests, value, fit, content, index,
        ];
        self.scribe.writer.record(&words)
    }

    fn schedule(&mut self, schedule: &crate::config::Schedule) -> usize {
        let mut edge = |edge: Option<Edge>| {
            let Some(edge) = edge else { return 0 };
            let number = self.edge_numbers.entry((edge.at, edge.is_local));
            1 + *number.or_insert_with(|| {
                self.edges.push(edge);
                self.edges.len() - 1
            })
        };
        let (from, to) = (edge(schedule.from), edge(schedule.to));
        let (opens, closes) = schedule.hours.unwrap_or_default();
        let words = [
            from,
            to,
            schedule.hours.is_some().into(),
            self.amount(opens as f64),
            self.amount(closes as f64),
        ];
        self.scribe.writer.record(&words)
    }

    fn cap(&mut self, cap: &Cap) -> usize {
        let (per, span) = match cap.per {
            Period::Ever => (0, 0),
            Period::Page => (1, 0),
            Period::Visit => (2, 0),
            Period::Span(span) => (3, span),
        };
        let span = self.amount(span as f64);
        self.scribe.writer.record(&[cap.exposures as usize, per, span])
    }

    fn rest(&mut self, rest: &Rest) -> usize {
        let span = self.amount(rest.span as f64);
        let (is_outcome, after) = match rest.after {
            After::Outcome(outcome) => (1, outcome as usize),
            After::Event(tally) => (0, tally),
        };
        self.scribe.writer.record(&[is_outcome, after, span])
    }

    fn limit(&mut self, limit: &Limit) -> usize {
        let words = match limit {
            Limit::Cap(cap) => vec![0, self.cap(cap)],
            Limit::Rest(rest) => vec![1, self.rest(rest)],
            Limit::Quiet(from, to) => vec![2, self.amount(*from as f64), self.amount(*to as f64)],
        };
        self.scribe.writer.record(&words)
    }

    fn fold(&mut self, fold: &Fold) -> usize {
        let words = match fold {
            Fold::Count(happening) => vec![fold::COUNT, *happening],
            Fold::Sum(happening, param) => self.scribe.texts(&[fold::SUM, *happening], param),
            Fold::Max(happening, param) => self.scribe.texts(&[fold::MAX, *happening], param),
            Fold::Distinct(happening, param) => self.scribe.texts(&[fold::DISTINCT, *happening], param),
            Fold::Sequence { steps, without } => {
                let without = without.map_or(0, |without| without + 1);
                [&[fold::SEQUENCE, without, steps.len()], steps.as_slice()].concat()
            }
            Fold::Fading { half_life, sources } => {
                let mut words = vec![fold::FADING, self.amount(*half_life as f64), sources.len()];
                for (happening, add) in sources {
                    let add = self.amount(*add);
                    words.push(self.scribe.writer.record(&[*happening, add]));
                }
                words
            }
            Fold::Signal(signal, threshold) => vec![fold::SIGNAL, *signal as usize, self.amount(*threshold)],
        };
        self.scribe.writer.record(&words)
    }

    /// Of each happening the tallies that it changes, of those that anything asks about.
    fn happenings(&self) -> Vec<Vec<usize>> {
        let mut happenings = vec![Vec::new(); self.config.happenings.len()];
        for (index, tally) in self.config.tallies.iter().enumerate() {
            for happening in tally.fold.happenings() {
                if let (true, Some(tallies)) = (self.keep.asks(index), happenings.get_mut(happening)) {
                    tallies.push(index);
                }
            }
        }
        happenings
    }

    /// The events, and which of them has which name. `tallies`: of each happening.
    fn events(&mut self, tallies: &[Vec<usize>]) -> (usize, usize) {
        let mut names = Names::default();
        let mut events: Vec<Candidates> = Vec::new();
        for (index, (happening, tallies)) in self.config.happenings.iter().zip(tallies).enumerate() {
            if tallies.is_empty() {
                continue;
            }
            let event = names.add(&happening.event);
            if event == events.len() {
                events.push(Candidates::default());
            }
            if let Some(candidates) = events.get_mut(event) {
                candidates.add(index, happening.filter.as_ref());
            }
        }
        let mut places = Vec::new();
        let mut keys = Vec::new();
        for (event, name) in events.into_iter().zip(names.all()) {
            keys.push(name.clone());
            let name = self.scribe.writer.text(name);
            let open = self.list(event.open);
            let params = self.texts(event.params.all().iter().map(String::as_str));
            let mut keyed = Vec::new();
            for ((param, text), happenings) in event.keyed {
                let words = [
                    self.scribe.writer.text(&param),
                    self.scribe.writer.text(&text),
                    happenings.len(),
                ];
                keyed.push(self.scribe.writer.record(&[&words, happenings.as_slice()].concat()));
            }
            let keyed = self.list(keyed);
            places.push(self.scribe.writer.record(&[name, open, params, keyed]));
        }
        (self.list(places), self.scribe.writer.sorted(&keys))
    }

    fn placements(&mut self, offers: &[usize], links: &[usize]) -> (usize, usize) {
        let config = self.config;
        let mut rankings: Vec<Vec<usize>> = vec![Vec::new(); config.placements.len()];
        for (index, offer) in config.offers.iter().enumerate() {
            for placement in &offer.placements {
                if let Some(ranking) = rankings.get_mut(*placement) {
                    ranking.push(index);
                }
            }
        }
        let mut places = Vec::new();
        let mut entries = 0;
        for (index, (placement, mut ranking)) in config.placements.iter().zip(rankings).enumerate() {
            let offer = |index: &usize| config.offers.get(*index);
            let value = |index: &usize| offer(index).map_or(0.0, |offer| offer.value);
            ranking.sort_by(|left, right| {
                value(right)
                    .partial_cmp(&value(left))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            let mut fits: Vec<usize> = Vec::new();
            for path in ranking.iter().filter_map(|index| offer(index)?.fit.as_ref()) {
                let fit = self.scribe.path(path);
                if !fits.contains(&fit) {
                    fits.push(fit);
                }
            }
            let linked = (0..links.len()).filter(|other| links.get(*other) == links.get(index));
            let words = [
                self.scribe.writer.text(&placement.name),
                placement.take,
                placement.overlay.into(),
                self.json(placement.fallback.as_ref()),
                self.list(ranking.iter().filter_map(|index| offers.get(*index).copied())),
                self.list(fits),
                self.list(linked),
                entries,
            ];
            entries += ranking.len();
            places.push(self.scribe.writer.record(&words));
        }
        (self.list(places), entries)
    }
}

/// The happenings that an event of one name may be, by index.
#[derive(Default)]
struct Candidates {
    open: Vec<usize>,
    params: Names,
    keyed: BTreeMap<(String, String), Vec<usize>>,
}

impl Candidates {
    fn add(&mut self, index: usize, filter: Option<&Condition>) {
        match filter.and_then(wanted_text) {
            Some((param, text)) => {
                self.params.add(param);
                let key = (param.to_owned(), text.to_owned());
                self.keyed.entry(key).or_default().push(index);
            }
            None => self.open.push(index),
        }
    }
}

/// A parameter, and the text that it has to be for the filter to pass.
fn wanted_text(filter: &Condition) -> Option<(&str, &str)> {
    match filter {
        Condition::All(parts) => parts.iter().find_map(wanted_text),
        Condition::Is(test) => {
            let Path::Field(steps) = &test.path else { return None };
            let [param] = steps.as_slice() else { return None };
            let value = match &test.check {
                Check::Equals(value) => value,
                Check::Meets(ops) => ops.iter().find_map(|op| match op {
                    Op::Same(true, value) => Some(value),
                    _ => None,
                })?,
            };
            Some((param, value.text()?))
        }
        _ => None,
    }
}

/// The offers of each family, by index.
pub(super) fn families(config: &Config) -> Vec<Vec<usize>> {
    let mut families = vec![Vec::new(); config.families.all().len()];
    for (index, offer) in config.offers.iter().enumerate() {
        if let Some(members) = offer.family.and_then(|family| families.get_mut(family)) {
            members.push(index);
        }
    }
    families
}

/// A group for each placement; what is shown in one of a group may depend on what is shown in the others: they share an
/// offer, a family or a cap, or are overlays, of which there is one at a time.
pub(super) fn links(config: &Config) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..config.placements.len()).collect();
    let mut join = |placements: &[usize]| {
        let Some(first) = placements.first().and_then(|first| groups.get(*first)).copied() else {
            return;
        };
        for placement in placements {
            let group = groups.get(*placement).copied();
            groups
                .iter_mut()
                .filter(|other| Some(**other) == group)
                .for_each(|other| *other = first);
        }
    };
    let overlays = |(index, placement): (usize, &crate::config::Placement)| placement.overlay.then_some(index);
    let overlays: Vec<usize> = config.placements.iter().enumerate().filter_map(overlays).collect();
    join(&overlays);
    let mut families: Vec<Vec<usize>> = vec![Vec::new(); config.families.all().len()];
    for offer in &config.offers {
        match offer.family.and_then(|family| families.get_mut(family)) {
            Some(family) => {
                for placement in &offer.placements {
                    if !family.contains(placement) {
                        family.push(*placement);
                    }
                }
            }
            None if offer.placements.len() > 1 => join(&offer.placements),
            None => {}
        }
    }
    families.iter().for_each(|family| join(family));
    for pressure in &config.pressures {
        if let (Limit::Cap(_), Some(scope)) = (&pressure.limit, config.scopes.get(pressure.scope)) {
            join(scope);
        }
    }
    groups
}
