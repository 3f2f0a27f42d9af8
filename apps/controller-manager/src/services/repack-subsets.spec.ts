import type { corev1 } from '@navarch/api';
import { repackSubsets } from './repack-subsets';

/** `a,b!,c:80,443`: addresses, those that are not ready with a mark, and ports. */
function subset(text: string): corev1.EndpointSubset {
  const [addresses = '', ports = ''] = text.split(':');
  const named = (wanted: boolean): corev1.EndpointAddress[] => addresses.split(',').filter((name) => name !== '' && name.endsWith('!') !== wanted).map((name) => ({ ip: name.replace('!', '') }));
  return { addresses: named(true), notReadyAddresses: named(false), ports: ports.split(',').filter((port) => port !== '').map((port) => ({ port: Number(port) })) };
}

function written({ addresses = [], notReadyAddresses = [], ports = [] }: corev1.EndpointSubset): string {
  return `${[...addresses.map(({ ip }) => ip), ...notReadyAddresses.map(({ ip }) => `${ip}!`)].join()}:${ports.map(({ port }) => port).join()}`;
}

describe('subsets of Endpoints, repacked', () => {
  it.each<{ reason: string; given: string[]; packed: string[] }>([
    { reason: 'are none of none', given: [], packed: [] },
    { reason: 'are one of the same ports', given: ['b:80', 'a:80'], packed: ['a,b:80'] },
    { reason: 'are one of the same addresses', given: ['a:80', 'a:443'], packed: ['a:443,80'] },
    { reason: 'are as many as there are sets of addresses', given: ['a:80,443', 'b:80'], packed: ['a:443', 'a,b:80'] },
    { reason: 'part what is ready for one port only', given: ['a:80', 'a!:443'], packed: ['a!:443', 'a:80'] },
    { reason: 'hold for not ready what is both', given: ['a:80', 'a!:80'], packed: ['a!:80'] },
    { reason: 'hold each address once', given: ['a,a,b:80', 'b:80'], packed: ['a,b:80'] },
    { reason: 'keep what has no ports', given: ['a:', 'b!:', 'a:80'], packed: ['a,b!:', 'a:80'] },
    { reason: 'keep what has no ports apart from the same with ports', given: ['a:', 'a:80'], packed: ['a:', 'a:80'] },
  ])('$reason', ({ given, packed }) => {
    expect(repackSubsets(given.map(subset)).map(written)).toEqual(packed);
  });

  it('keep pods apart that share an address', () => {
    const of = (uid: string): corev1.EndpointSubset => ({ addresses: [{ ip: 'a', targetRef: { uid } }], ports: [{ port: 80 }] });
    expect(repackSubsets([of('2'), of('1')])[0]?.addresses?.map(({ targetRef }) => targetRef?.uid)).toEqual(['1', '2']);
  });
});
