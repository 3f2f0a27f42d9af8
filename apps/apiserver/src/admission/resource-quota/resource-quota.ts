import { core, type corev1, type DeviceObjects, quotaEvaluatorFor, resource as dra } from '@navarch/api';
import { ApiError } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../../pipeline';
import { refused } from '../refused';
import { type Charge, chargeQuotas } from './charge';
import { type LedgerDeps, QuotaLedger, type Receipt, type Refusal } from './quota-ledger';

/** What upstream's plug-in throws as a plain error comes out as a 500 without a reason. */
const errorOf = (attributes: AdmissionAttributes, refusal: Refusal): ApiError =>
  'refused' in refusal ? refused(attributes, refusal.refused) : new ApiError({ code: 500, reason: '', message: refusal.uncovered });

/** Nobody takes more of a namespace than its ResourceQuotas allow. Comes last: what another plug-in refuses must not be charged. */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #ledgers = new Map<string, QuotaLedger>();
  /** By the new object, which one write has to itself. */
  readonly #receipts = new WeakMap<object, Receipt>();

  readonly #devices: DeviceObjects;

  constructor(private readonly deps: LedgerDeps) {
    const { reader } = deps;
    this.#devices = {
      deviceClasses: () => reader.list(dra.deviceclasses),
      pod: (namespace, name) => reader.get(core.pods, namespace, name),
      claims: (namespace) => reader.list(dra.resourceclaims, namespace),
    };
  }

  handles({ operation, group, resource, subresource, namespaced }: WriteSort): boolean {
    if (!namespaced || (group === '' && resource === 'namespaces')) return false;
    return operation === 'CREATE' ? subresource === '' : operation === 'UPDATE';
  }

  applies({ operation, group, resource, subresource, namespace, object, oldObject }: AdmissionAttributes): boolean {
    if (namespace === '' || object === undefined) return false;
    return operation === 'CREATE' || (oldObject !== undefined && quotaEvaluatorFor({ group, resource }).admitsUpdate(subresource, oldObject, object));
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    const { reader, limited } = this.deps;
    const quotas = reader.list(core.resourcequotas, attributes.namespace);
    return quotas.length === 0 && limited.length === 0 ? undefined : this.#charge(attributes, quotas);
  }

  async #charge(attributes: AdmissionAttributes, quotas: readonly corev1.ResourceQuota[]): Promise<void> {
    const { namespace, group, resource, subresource, object, oldObject, dryRun } = attributes;
    const { clock, limited } = this.deps;
    if (object === undefined) return;
    const charge: Charge = { of: { group, resource }, object, old: oldObject, isReport: subresource === 'status', devices: this.#devices };
    if (dryRun) {
      const result = chargeQuotas(quotas, charge, clock.now(), limited);
      if (!('changed' in result)) throw errorOf(attributes, result);
      return;
    }
    const outcome = await this.#ledger(namespace).charge(charge);
    if (outcome && !('quotas' in outcome)) throw errorOf(attributes, outcome);
    if (outcome) this.#receipts.set(object, outcome);
  }

  undo({ object }: AdmissionAttributes): void {
    const receipt = object && this.#receipts.get(object);
    if (!receipt) return;
    this.#receipts.delete(object);
    void this.#ledger(receipt.namespace).refund(receipt);
  }

  #ledger(namespace: string): QuotaLedger {
    let ledger = this.#ledgers.get(namespace);
    if (!ledger) {
      for (const [name, other] of this.#ledgers) if (other.idle) this.#ledgers.delete(name);
      ledger = new QuotaLedger(namespace, this.deps);
      this.#ledgers.set(namespace, ledger);
    }
    return ledger;
  }
}
