import type { IpFamily } from '@navarch/apimachinery';
import type { ServiceObject } from './service-claims';
import { settleFamilies } from './settle-families';

const v4: IpFamily[] = ['IPv4'];
const both: IpFamily[] = ['IPv4', 'IPv6'];
const service = (spec: ServiceObject['spec']): ServiceObject => ({ metadata: { name: 's' }, spec: { selector: { app: 'x' }, ...spec } });
const settled = (spec: ServiceObject['spec'], cluster: IpFamily[], before?: ServiceObject['spec']): unknown[] => {
  const one = service(spec);
  const errors = settleFamilies(one, before && service(before), cluster);
  return errors.length > 0 ? errors.map(({ message }) => message) : [one.spec?.ipFamilyPolicy, one.spec?.ipFamilies];
};

describe('families of a Service', () => {
  it.each<[string, ServiceObject['spec'], IpFamily[], unknown[]]>([
    ['one of the default family', {}, both, ['SingleStack', ['IPv4']]],
    ['the cluster\'s own first', {}, ['IPv6', 'IPv4'], ['SingleStack', ['IPv6']]],
    ['both where they are preferred and there', { ipFamilyPolicy: 'PreferDualStack' }, both, ['PreferDualStack', ['IPv4', 'IPv6']]],
    ['one where both are preferred and not there', { ipFamilyPolicy: 'PreferDualStack' }, v4, ['PreferDualStack', ['IPv4']]],
    ['both in the order asked for', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }, both, ['RequireDualStack', ['IPv6', 'IPv4']]],
    ['that of the address asked for', { clusterIP: 'fd00::7', clusterIPs: ['fd00::7'] }, both, ['SingleStack', ['IPv6']]],
    ['both without a selector to choose by', { clusterIP: 'None', selector: {} }, v4, ['RequireDualStack', ['IPv4', 'IPv6']]],
    ['one of a headless Service with a selector', { clusterIP: 'None' }, v4, ['SingleStack', ['IPv4']]],
  ])('are %s', (_what, spec, cluster, expected) => {
    expect(settled(spec, cluster)).toEqual(expected);
  });

  it.each<[ServiceObject['spec'], IpFamily[], string]>([
    [{ ipFamilyPolicy: 'RequireDualStack' }, v4, 'this cluster is not configured for dual-stack services'],
    [{ ipFamilies: ['IPv6'] }, v4, 'not configured on this cluster'],
    [{ clusterIP: 'fd00::7', clusterIPs: ['fd00::7'] }, v4, 'may not use IPv6 on a cluster which is not configured for it'],
    [{ ipFamilies: ['IPv4', 'IPv6'] }, both, 'must be RequireDualStack or PreferDualStack when multiple IP families are specified'],
  ])('%j is refused: %s', (spec, cluster, message) => {
    expect(settled(spec, cluster)).toEqual([expect.stringContaining(message)]);
  });

  it('come and go with the policy', () => {
    const one = { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] };
    expect(settled({ ...one, ipFamilyPolicy: 'PreferDualStack' }, both, one)).toEqual(['PreferDualStack', ['IPv4', 'IPv6']]);
    const two = { ...one, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['10.96.0.7', 'fd00::7'] };
    expect(settled({ ...two, ipFamilyPolicy: 'SingleStack' }, both, two)).toEqual(['SingleStack', ['IPv4']]);
  });

  it('stay when the cluster comes to have both', () => {
    const preferring = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'], clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] };
    expect(settled(preferring, both, preferring)).toEqual(['PreferDualStack', ['IPv4']]);
  });
});
