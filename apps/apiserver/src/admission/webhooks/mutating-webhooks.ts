import { admissionregistration, type KubeObject } from '@navarch/api';
import { applyJsonPatch, exactJsonText, goQuote, internalError, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, MutationPass, WriteSort } from '../../pipeline';
import { RegisteredWebhooks, type RegisteredWebhook } from './registered-webhooks';
import { isExempt, WebhookCalls, type PlannedCall, type WebhookDeps } from './webhook-calls';

/** What was called for a write in its first pass, and what it then looked like. */
interface FirstPass {
  readonly called: Set<RegisteredWebhook>;
  /** Of those called, whom a later change concerns. */
  readonly again: Set<RegisteredWebhook>;
  output: KubeObject | undefined;
}

const AUDIT = 'webhook.admission.k8s.io';

/** Asks mutating webhooks one after the other, each about what those before have made of the object. */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  readonly #webhooks: RegisteredWebhooks;
  readonly #calls: WebhookCalls;
  readonly #deps: WebhookDeps;
  readonly #passes = new WeakMap<AdmissionAttributes, FirstPass>();

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#webhooks = new RegisteredWebhooks(deps.reader, admissionregistration.mutatingwebhookconfigurations);
    this.#calls = new WebhookCalls('admit', deps);
  }

  handles(sort: WriteSort): boolean {
    return !isExempt(sort);
  }

  applies(): boolean {
    return this.#webhooks.all().length > 0;
  }

  async mutate(attributes: AdmissionAttributes, pass: MutationPass): Promise<void> {
    const first = this.#passes.get(attributes) ?? { called: new Set(), again: new Set(), output: undefined };
    this.#passes.set(attributes, first);
    if (pass.again && !isDeepStrictEqual(first.output, attributes.object)) requireAgain(first);
    let index = -1;
    for (const registered of this.#webhooks.all()) {
      index++;
      if (pass.again && !first.again.has(registered)) continue;
      const call = await this.#calls.plan(registered, attributes);
      if (!call) continue;
      const changed = await this.#call(call, attributes, `round_${pass.again ? 1 : 0}_index_${index}`);
      if (changed) {
        requireAgain(first);
        pass.requestAnother();
      }
      if (registered.webhook.reinvocationPolicy === 'IfNeeded') first.called.add(registered);
    }
    first.output = structuredClone(attributes.object);
  }

  /** Whether the webhook has changed anything. The audit hears of every call, whatever came of it. */
  async #call(call: PlannedCall, attributes: AdmissionAttributes, place: string): Promise<boolean> {
    const { configuration, webhook: { name: webhook } } = call.registered;
    let mutated = false;
    try {
      const patch = (await this.#calls.ask(call, attributes, place))?.patch;
      if (patch === undefined || (Array.isArray(patch) && patch.length === 0)) return false;
      mutated = await this.#apply(call, patch, attributes);
      attributes.annotate?.(`patch.${AUDIT}/${place}`, exactJsonText({ configuration, webhook, patch, patchType: 'JSONPatch' }), 'Request');
      return mutated;
    } finally {
      attributes.annotate?.(`mutation.${AUDIT}/${place}`, JSON.stringify({ configuration, webhook, mutated }));
    }
  }

  /** Whether the patch has changed anything. The object stays the same one, with other content. @throws internalError for what cannot be patched so, whatever the failure policy */
  async #apply({ registered: { webhook }, version, request }: PlannedCall, patch: JsonValue, { object }: AdmissionAttributes): Promise<boolean> {
    if (!object) throw internalError(`admission webhook ${goQuote(webhook.name)} attempted to modify the object, which is not supported for this operation`);
    const before = request['object'] as JsonObject;
    let patched: JsonObject;
    try {
      patched = applyJsonPatch(before, patch);
    } catch (error) {
      throw internalError(error instanceof Error ? error.message : String(error), error);
    }
    const accepted = await this.#deps.versions.accept(patched as unknown as KubeObject, version);
    const target = object as unknown as Record<string, unknown>;
    const changed = !isDeepStrictEqual(before, this.#deps.versions.show(accepted, version));
    for (const field of Object.keys(target)) delete target[field];
    Object.assign(target, accepted);
    return changed;
  }
}

/** A webhook that has changed something makes those before it, who want to know, look again. */
function requireAgain({ called, again }: FirstPass): void {
  for (const registered of called) again.add(registered);
}
