import { type ContainerRuntime } from '../runtime';

/**
 * The image that sandboxes are made of. Newer runtimes pin it; containerd 1.6 does not, and lists no container that uses it,
 * but says in its configuration which it is. Undefined where the runtime does not say.
 */
export async function sandboxImage(runtime: Pick<ContainerRuntime, 'status'>): Promise<string | undefined> {
  const { info: { config = '{}' } } = await runtime.status(true);
  const { sandboxImage: name } = JSON.parse(config) as { readonly sandboxImage?: unknown };
  return typeof name === 'string' && name !== '' ? name : undefined;
}
