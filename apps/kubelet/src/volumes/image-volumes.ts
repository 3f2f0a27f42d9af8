/** Why a runtime cannot mount images as volumes; undefined when it can, or is not known to be too old. */
export function imageVolumesError(runtimeName: string, version: string): string | undefined {
  const first = firstVersion[runtimeName];
  if (!first) return undefined;
  const [major = 0, minor = 0] = version.replace(/^v/, '').split(/[.~+-]/).map(Number);
  const enough = major > first.major || (major === first.major && minor >= first.minor);
  return enough ? undefined : `image volumes need ${runtimeName} ${first.major}.${first.minor} or later, and this is ${version}`;
}

/** Older ones pass the image over and mount an empty path. */
const firstVersion: Partial<Record<string, { readonly major: number; readonly minor: number }>> = { containerd: { major: 2, minor: 1 }, 'cri-o': { major: 1, minor: 31 } };
