import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { ManifestDirectory } from './manifest-directory';
import { ManifestUrl } from './manifest-url';
import { type StaticPodSource } from './static-pod-source';

/** Where the node's own pods come from, as its flags say: none, a directory, an address, or both. */
export function staticSources(options: KubeletOptions, deps: Pick<KubeletDeps, 'clock' | 'log'>): StaticPodSource[] {
  const { podManifestPath, manifestUrl, manifestUrlHeaders, fileCheckMs, httpCheckMs, identity: { name: nodeName } } = options;
  return [
    ...(podManifestPath === '' ? [] : [new ManifestDirectory({ path: podManifestPath, checkMs: fileCheckMs, nodeName }, deps)]),
    ...(manifestUrl === '' ? [] : [new ManifestUrl({ url: manifestUrl, headers: manifestUrlHeaders, checkMs: httpCheckMs, nodeName }, deps)]),
  ];
}
