//! What is nobody's business: the matters of article 9 of the GDPR, by words of four languages that speak of them.
//!
//! No list can know every such word, and many words have a second meaning: what is found is reported, and its author decides.

use crate::json::Value;

/// Each matter with words that speak of it, without accents. One that ends with `*` is the beginning of words; `_` joins a phrase.
const MATTERS: [(&str, &str); 6] = [
    (
        "health",
        "health medical* medicine* medication* disease* illness* symptom* diabet* cancer hiv aids asthma* allerg* pregnan* maternity fertility
         infertil* contracept* abortion* menopaus* menstrua* depression* depressive* anxiety psychiatr* psychotherap* addiction* alcoholi*
         obes* disabled disabilit* epilep* dementia alzheimer* autis* adhd incontinen* erectile genetic* insomnia weight_loss back_pain mental_health
         sante maladie* medicament* grossesse* maternite handicap* insomnie perte_de_poids
         gesundheit* krankheit* medikament* schwanger* behindert* behinderung* krebs umstandsmode schlaflos* abnehmen ruckenschmerz* rueckenschmerz*
         salud enfermedad* embarazo* embarazada* discapacidad* adiccion* maternidad insomnio",
    ),
    (
        "belief",
        "religio* church* christian* catholic* protestant* muslim* islam* jewish judaism hindu* buddhis* atheis* mosque* synagogue* ramadan
         halal kosher
         eglise* chretien* musulman* juif juive
         kirche* christlich* katholi* evangelisch* moslem* judisch* judentum
         iglesia* cristian* catolic* judio judia",
    ),
    (
        "politics",
        "politic* election* electoral* voter voters socialis* communis* conservatives
         politique* parti_politique politik* kommunis* sozialis* spd cdu afd bundestag* landtag* wahlkampf* eleccion*",
    ),
    (
        "sexuality",
        "sex sexual* gay lesbian* homosex* bisexu* transgender* transsex* queer lgbt* erotic* porn* fetish*
         sexuel* lesbienne* erotique* sexuell* lesbisch* schwul* erotik* fetisch*",
    ),
    (
        "origin",
        "ethni* racial* immigra* migrant* refugee* refugie* fluchtling* etnic* etnia* refugiad*",
    ),
    (
        "union membership",
        "trade_union* labour_union* labor_union* union_member* syndicat syndicats syndical* gewerkschaft* sindicat*",
    ),
];

/// The matter that an interest seems to be about, and the words that say so: of its topic, its title, or what it is drawn from.
pub(super) fn matter(topic: &str, interest: &Value) -> Option<(&'static str, String)> {
    let mut texts = vec![topic];
    collect(interest, &mut texts);
    texts.iter().find_map(|text| spoken_of(text))
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    texts.extend(value.text());
    value.items().iter().for_each(|item| collect(item, texts));
    value.members().iter().for_each(|(_, member)| collect(member, texts));
}

fn spoken_of(text: &str) -> Option<(&'static str, String)> {
    let plain: String = text.chars().flat_map(char::to_lowercase).map(without_accent).collect();
    let words: Vec<&str> = plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    for (matter, signs) in MATTERS {
        for sign in signs.split_whitespace() {
            let parts: Vec<&str> = sign.split('_').collect();
            let fit = |words: &&[&str]| words.iter().zip(&parts).all(|(word, part)| fits(word, part));
            if let Some(found) = words.windows(parts.len()).find(fit) {
                return Some((matter, found.join(" ")));
            }
        }
    }
    None
}

fn fits(word: &str, sign: &str) -> bool {
    match sign.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == sign,
    }
}

fn without_accent(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ä' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&'static str> {
        matter(text, &Value::Null).map(|(matter, _)| matter)
    }

    #[test]
    fn matters_are_found_in_four_languages_and_all_ways_of_writing() {
        for (text, matter) in [
            ("diabetes", "health"),
            ("Schwangerschaft", "health"),
            ("santé-femme", "health"),
            ("embarazo_y_bebe", "health"),
            ("Church music", "belief"),
            ("jüdisches Leben", "belief"),
            ("US elections", "politics"),
            ("politique", "politics"),
            ("LGBTQ travel", "sexuality"),
            ("Flüchtlingshilfe", "origin"),
            ("trade-union", "union membership"),
            ("Gewerkschaften", "union membership"),
        ] {
            assert_eq!(found(text), Some(matter), "{text}");
        }
    }

    #[test]
    fn what_shops_sell_is_not_taken_for_it() {
        for text in [
            "running",
            "party dresses",
            "healthy snacks",
            "race bikes",
            "origin: Italy",
            "western union",
            "enceintes",
            "judías verdes",
            "Essex",
            "syndicated columns",
            "the right choice",
            "student union",
            "sexta",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
