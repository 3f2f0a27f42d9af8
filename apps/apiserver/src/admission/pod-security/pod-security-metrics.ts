import { GIT_VERSION, SeriesCounter } from '@navarch/component-base';
import { latest, type LevelVersion } from '@navarch/pod-security';
import type { Registry } from 'prom-client';
import type { AdmissionAttributes } from '../../pipeline';

export type PodSecurityMode = 'audit' | 'enforce' | 'warn';

const ownMinor = Number(/^v1\.(\d+)\./.exec(GIT_VERSION)?.[1]);
const REQUEST = ['request_operation', 'resource', 'subresource'];

function requestLabels({ operation, group, resource, subresource }: AdmissionAttributes): Record<string, string> {
  const what = group === '' && resource === 'pods' ? 'pod' : group === '' && resource === 'namespaces' ? 'namespace' : 'controller';
  return { request_operation: operation.toLowerCase(), resource: what, subresource };
}

/** Versions to come are one: anybody can write down any. */
function versionLabel({ level, minor }: LevelVersion): string {
  if (level === 'privileged' || minor === latest) return 'latest';
  return minor <= ownMinor ? `v1.${minor}` : 'future';
}

/** What pods are held to comes to, by upstream's names. */
export class PodSecurityMetrics {
  private readonly evaluations: SeriesCounter;
  private readonly exemptions: SeriesCounter;
  private readonly errors: SeriesCounter;

  constructor(registry: Registry) {
    const counter = (name: string, help: string, labelNames: string[]): SeriesCounter =>
      new SeriesCounter({ name: `pod_security_${name}_total`, help, labelNames: [...labelNames, ...REQUEST], registers: [registry] });
    this.evaluations = counter('evaluations', 'Checks of pods against a level, without those of requests that are ignored or exempt.', ['decision', 'policy_level', 'policy_version', 'mode']);
    this.exemptions = counter('exemptions', 'Requests that are exempt.', []);
    this.errors = counter('errors', 'What kept pods from being checked rightly; unless it is fatal, they are held to the strictest level.', ['fatal']);
    // There from the start, as upstream's.
    for (const request_operation of ['create', 'update']) {
      this.evaluations.labels({ decision: 'allow', policy_level: 'privileged', policy_version: 'latest', mode: 'enforce', request_operation, resource: 'pod', subresource: '' });
      for (const resource of ['pod', 'controller']) this.exemptions.labels({ request_operation, resource, subresource: '' });
    }
  }

  evaluated(attributes: AdmissionAttributes, mode: PodSecurityMode, level: LevelVersion, isAllowed: boolean): void {
    this.evaluations.labels({ decision: isAllowed ? 'allow' : 'deny', policy_level: level.level, policy_version: versionLabel(level), mode, ...requestLabels(attributes) }).inc();
  }

  exempt(attributes: AdmissionAttributes): void {
    this.exemptions.labels(requestLabels(attributes)).inc();
  }

  failed(attributes: AdmissionAttributes, isFatal: boolean): void {
    this.errors.labels({ fatal: String(isFatal), ...requestLabels(attributes) }).inc();
  }
}
