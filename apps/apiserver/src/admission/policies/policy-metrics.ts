import { Counter, Histogram, type Registry } from 'prom-client';

export type PolicyErrorType = 'compile_error' | 'invalid_error' | 'no_error' | 'out_of_budget';
export type PolicyAction = 'allow' | 'audit' | 'deny' | 'warn';

/** Upstream's. */
const BUCKETS = [0.0000005, 0.001, 0.01, 0.1, 1];

/**
 * What validations of ValidatingAdmissionPolicies come to, by upstream's names. As upstream, what holds is not counted, and one that is false has
 * the type `invalid_error` like one that fails.
 */
export class PolicyMetrics {
  private readonly checks: Counter;
  private readonly durations: Histogram;
  private readonly mutations: Counter;
  private readonly mutationDurations: Histogram;

  constructor(registry: Registry) {
    const common = { labelNames: ['policy', 'policy_binding', 'error_type', 'enforcement_action'], registers: [registry] };
    this.checks = new Counter({ name: 'apiserver_validating_admission_policy_check_total', help: 'Validations that did not hold, by what came of it.', ...common });
    this.durations = new Histogram({ name: 'apiserver_validating_admission_policy_check_duration_seconds', help: 'How long they took.', buckets: BUCKETS, ...common });
    const ofMutations = { labelNames: ['policy', 'policy_binding', 'error_type'], registers: [registry] };
    this.mutations = new Counter({ name: 'apiserver_mutating_admission_policy_check_total', help: 'Mutations, by what came of them.', ...ofMutations });
    this.mutationDurations = new Histogram({ name: 'apiserver_mutating_admission_policy_check_duration_seconds', help: 'How long they took.', buckets: BUCKETS, ...ofMutations });
  }

  mutated(policy: string, binding: string, type: PolicyErrorType, seconds: number): void {
    const labels = { policy, policy_binding: binding, error_type: type };
    this.mutations.inc(labels);
    this.mutationDurations.observe(labels, seconds);
  }

  checked(policy: string, binding: string, type: PolicyErrorType, action: PolicyAction, seconds: number): void {
    const labels = { policy, policy_binding: binding, error_type: type, enforcement_action: action };
    this.checks.inc(labels);
    this.durations.observe(labels, seconds);
  }
}
