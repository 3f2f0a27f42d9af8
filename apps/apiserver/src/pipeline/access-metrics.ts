import { type HistogramSeries, type NumberSeries, SeriesCounter, SeriesHistogram } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { AuthenticationObserver } from './authenticate';
import type { AuthorizationObserver } from './authorize';
import type { Decision } from './authorizer';

/** 1 ms, doubled 14 times: upstream's. */
const buckets = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);
const known = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

/** Names of users are not labels: there are too many. */
function compressed(name: string): string {
  if (known.has(name)) return name;
  return name.includes('@') ? 'email_id' : 'other';
}

const results: Readonly<Record<Decision['verdict'], string>> = { allow: 'allowed', deny: 'denied', 'no-opinion': 'no-opinion' };

interface Outcome {
  readonly count: NumberSeries;
  readonly duration: HistogramSeries;
}

/** What authentication and authorisation come to, by upstream's names. */
export class AccessMetrics implements AuthenticationObserver, AuthorizationObserver {
  private readonly users: SeriesCounter;
  private readonly authentications: Readonly<Record<'error' | 'failure' | 'success', Outcome>>;
  private readonly authorizations: Readonly<Record<Decision['verdict'] | 'error', Outcome>>;

  constructor(registry: Registry) {
    this.users = new SeriesCounter({
      name: 'authenticated_user_requests',
      help: 'Requests whose user is known, by the user as far as there are few.',
      labelNames: ['username'],
      registers: [registry],
    });
    const attempts = new SeriesCounter({ name: 'authentication_attempts', help: 'Attempts to find out who asks, by their result.', labelNames: ['result'], registers: [registry] });
    const authentication = new SeriesHistogram({ name: 'authentication_duration_seconds', help: 'How long it took to find out who asks.', labelNames: ['result'], buckets, registers: [registry] });
    const asked = new SeriesCounter({ name: 'authorization_attempts_total', help: 'Questions whether somebody may do something, by their result.', labelNames: ['result'], registers: [registry] });
    const authorization = new SeriesHistogram({
      name: 'authorization_duration_seconds',
      help: 'How long it took to find out whether somebody may.',
      labelNames: ['result'],
      buckets,
      registers: [registry],
    });
    const of = (count: SeriesCounter, duration: SeriesHistogram, result: string): Outcome => ({ count: count.labels({ result }), duration: duration.labels({ result }) });
    this.authentications = { success: of(attempts, authentication, 'success'), failure: of(attempts, authentication, 'failure'), error: of(attempts, authentication, 'error') };
    this.authorizations = {
      allow: of(asked, authorization, results.allow),
      deny: of(asked, authorization, results.deny),
      'no-opinion': of(asked, authorization, results['no-opinion']),
      error: of(asked, authorization, 'error'),
    };
  }

  authenticated(name: string, seconds: number): void {
    this.users.labels({ username: compressed(name) }).inc();
    observe(this.authentications.success, seconds);
  }

  unauthenticated(result: 'error' | 'failure', seconds: number): void {
    observe(this.authentications[result], seconds);
  }

  authorized(result: Decision['verdict'] | 'error', seconds: number): void {
    observe(this.authorizations[result], seconds);
  }
}

function observe({ count, duration }: Outcome, seconds: number): void {
  count.inc();
  duration.observe(seconds);
}
