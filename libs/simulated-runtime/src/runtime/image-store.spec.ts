import { ImageStore, normalizeReference } from './image-store';

describe('ImageStore', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['library/nginx', 'docker.io/library/nginx:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['navarch.local/web:1', 'navarch.local/web:1'],
    ['registry.k8s.io/pause@sha256:abc', 'registry.k8s.io/pause@sha256:abc'],
  ])('reads %s as %s', (reference, full) => {
    expect(normalizeReference(reference)).toBe(full);
  });

  it('finds a pulled image by any of its names and by its id, and gives the same name the same id', () => {
    const store = new ImageStore();
    const image = store.pull('nginx');
    expect([store.get('docker.io/library/nginx:latest'), store.get(image.id), store.get(image.digests[0] ?? '')]).toEqual([image, image, image]);
    expect(new ImageStore().pull('library/nginx:latest').id).toBe(image.id);
    expect(store.remove('nginx')).toBe(true);
    expect(store.get('nginx')).toBeUndefined();
  });

  it('pulls everything but what says that it is missing', () => {
    expect(() => new ImageStore().pull('navarch.local/missing:1')).toThrow('failed to resolve reference "navarch.local/missing:1": navarch.local/missing:1: not found');
  });
});
