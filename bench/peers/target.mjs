// Adobe's on-device decisioning: an artifact with a rule for each offer in the order of rank, an mbox for each slot, the visitor's attributes as the mbox's
// parameters; it returns the first rule that holds. Attributes are handed over as they are, though a site would send text. No telemetry, no notifications.

import TargetDecisioningEngine from '@adobe/target-decisioning-engine';
import { treeOf } from '../condition.mjs';
import { bySlot } from './first-hit.mjs';
import { logicOf, setsOf } from './json-logic.mjs';

const SILENT = { debug() {}, error() {} };

class Decider {
  #engine;
  #slots;
  #parameters = {};

  constructor(engine, slots) {
    this.#engine = engine;
    this.#slots = slots;
  }

  visitor(known) {
    this.#parameters = known;
  }

  change(attribute, value) {
    this.#parameters[attribute] = value;
  }

  async decide(slot) {
    return (await this.#offers([slot]))[0];
  }

  page() {
    return this.#offers(this.#slots);
  }

  async #offers(slots) {
    const mboxes = slots.map((name, index) => ({ name, index, parameters: this.#parameters }));
    const { execute } = await this.#engine.getOffers({ request: { id: { tntId: 'guest.1_0' }, context: { channel: 'web' }, execute: { mboxes } }, sessionId: 'visit' });
    return execute.mboxes.map(({ options }) => options?.[0]?.content.id ?? null);
  }
}

export default {
  name: 'Adobe Target',
  package: '@adobe/target-decisioning-engine',
  isAsync: true,
  source(workload) {
    const isSet = setsOf(workload);
    const meets = (known, list) => ({ some: [known, { in: [{ var: '' }, list] }] });
    const mboxes = bySlot(workload, ({ id, condition }) => ({
      ruleKey: id,
      condition: logicOf(treeOf(condition), isSet, (name) => `mbox.${name}`, meets),
      consequence: { options: [{ type: 'json', content: { id } }], metrics: [] },
      meta: { 'activity.id': id, 'audience.ids': [] },
      propertyTokens: [],
    }));
    for (const [slot, rules] of Object.entries(mboxes)) for (const { consequence } of rules) consequence.name = slot;
    return JSON.stringify({
      version: '1.0.0',
      meta: { environment: 'production' },
      globalMbox: 'target-global-mbox',
      responseTokens: [],
      remoteMboxes: [],
      remoteViews: [],
      localMboxes: workload.slots,
      localViews: [],
      rules: { mboxes, views: {} },
    });
  },
  async load(text) {
    const artifactPayload = JSON.parse(text);
    const config = { client: 'bench', organizationId: 'bench', pollingInterval: 0, telemetryEnabled: false, logger: SILENT, artifactPayload };
    return new Decider(await TargetDecisioningEngine(config, { addArtifactRequestEntry() {} }), artifactPayload.localMboxes);
  },
};
