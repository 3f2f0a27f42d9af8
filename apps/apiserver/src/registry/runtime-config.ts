import type { ResourceFacts } from '@navarch/api';

/**
 * Which versions and resources are served: upstream's `--runtime-config`, such as `api/alpha=true`,
 * `storagemigration.k8s.io/v1beta1=true`, `apps/v1/deployments=false`. The most specific key wins.
 */
export class RuntimeConfig {
  constructor(private readonly settings: Readonly<Record<string, string>>) {}

  serves({ group, version, resource, servedByDefault }: ResourceFacts): boolean {
    const groupVersion = group === '' ? `api/${version}` : `${group}/${version}`;
    return this.of(`${groupVersion}/${resource}`) ?? this.of(groupVersion) ?? this.ofStage(version) ?? this.of('api/all') ?? servedByDefault;
  }

  private ofStage(version: string): boolean | undefined {
    if (version.includes('alpha')) return this.of('api/alpha');
    return version.includes('beta') ? this.of('api/beta') : this.of('api/ga');
  }

  private of(key: string): boolean | undefined {
    const value = this.settings[key];
    return value === undefined ? undefined : value === '' || value === 'true';
  }
}
