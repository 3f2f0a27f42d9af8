import type { resourcev1 } from '@navarch/api';
import type { ObjectSource } from '@navarch/reconcile';
import { Counter, Gauge, type Registry } from 'prom-client';
import { POD_CLAIM } from './sync';

type Claim = resourcev1.ResourceClaim;

/** On a claim that the scheduler made for an extended resource of a pod. */
const EXTENDED_RESOURCE = 'resource.kubernetes.io/extended-resource-claim';

const hasAdminAccess = ({ spec }: Claim): boolean => spec.devices?.requests?.some(({ exactly }) => exactly?.adminAccess === true) === true;

function sourceOf({ metadata: { annotations = {} } }: Claim): string {
  if (annotations[EXTENDED_RESOURCE] !== undefined) return 'extended_resource';
  return annotations[POD_CLAIM] === undefined ? '' : 'resource_claim_template';
}

/** Metrics of the controller, by the names that upstream has in 1.36 (pkg/controller/resourceclaim/metrics). */
export class ResourceClaimMetrics {
  readonly #creates: Counter<'admin_access' | 'status'>;

  constructor(registry: Registry, claims: ObjectSource<Claim>) {
    const registers = [registry];
    this.#creates = new Counter({
      name: 'resourceclaim_controller_creates_total',
      help: 'Number of ResourceClaims creation requests, categorized by creation status and admin access',
      labelNames: ['status', 'admin_access'],
      registers,
    });
    new Gauge({
      name: 'resourceclaim_controller_resource_claims',
      labelNames: ['allocated', 'admin_access', 'source'],
      registers,
      help: "Number of ResourceClaims, categorized by allocation status, admin access, and source. Source can be 'resource_claim_template' (created from a template), 'extended_resource' (extended resources), or empty (manually created by a user).",
      collect() {
        this.reset();
        for (const claim of claims.list()) {
          this.inc({ allocated: String(claim.status?.allocation !== undefined), admin_access: String(hasAdminAccess(claim)), source: sourceOf(claim) });
        }
      },
    });
  }

  /** Counts an attempt to make a claim, and how it ended. */
  async creating(claim: Claim, create: () => Promise<Claim>): Promise<Claim> {
    const count = (status: 'failure' | 'success'): void => this.#creates.inc({ status, admin_access: String(hasAdminAccess(claim)) });
    try {
      const created = await create();
      count('success');
      return created;
    } catch (error) {
      count('failure');
      throw error;
    }
  }
}
