import { admissionregistration } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../../pipeline';
import { RegisteredWebhooks } from './registered-webhooks';
import { isExempt, WebhookCalls, type WebhookDeps } from './webhook-calls';

/** Asks all validating webhooks that a write concerns, at once. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly #webhooks: RegisteredWebhooks;
  readonly #calls: WebhookCalls;

  constructor(deps: WebhookDeps) {
    this.#webhooks = new RegisteredWebhooks(deps.reader, admissionregistration.validatingwebhookconfigurations);
    this.#calls = new WebhookCalls('validating', deps);
  }

  handles(sort: WriteSort): boolean {
    return !isExempt(sort);
  }

  applies(): boolean {
    return this.#webhooks.all().length > 0;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const planned = await Promise.all(this.#webhooks.all().map((registered) => this.#calls.plan(registered, attributes)));
    const calls = planned.filter((call) => call !== undefined);
    const asked = await Promise.allSettled(calls.map((call, index) => this.#calls.ask(call, attributes, `round_0_index_${index}`)));
    // All have had their say, and their warnings; the first refusal in their order is the answer.
    const refused = asked.find((outcome) => outcome.status === 'rejected');
    if (refused) throw refused.reason;
  }
}
