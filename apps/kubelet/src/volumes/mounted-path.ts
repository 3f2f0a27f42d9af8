import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { expand } from '../containers/expand';
import { type Mounter } from './mounter';
import { bindSubPath, checkSubPath, makeSubPath } from './sub-path';

/**
 * What of a volume, which is at `path`, a container mounts: all of it, or a part that is bound to `bound`, so that
 * nobody can turn it into a link to somewhere else meanwhile. Throws for a part that is not inside the volume.
 */
export async function mountedPath(
  path: string,
  mount: corev1.VolumeMount,
  bound: string,
  environment: ReadonlyMap<string, string>,
  { mounter, log }: { readonly mounter: Mounter; readonly log: Logger },
): Promise<string> {
  const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, environment) : (mount.subPath ?? '');
  if (subPath === '') return path;
  checkSubPath(subPath);
  const direct = await makeSubPath(path, subPath);
  try {
    return await bindSubPath(mounter, path, subPath, bound);
  } catch (error) {
    if (process.getuid?.() === 0) throw error;
    log.debug({ err: error, path: direct }, 'sub-path is used without a bind mount');
    return direct;
  }
}

function expandSubPath(text: string, environment: ReadonlyMap<string, string>): string {
  return expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new Error(`missing value for ${name}`);
    return value;
  });
}
