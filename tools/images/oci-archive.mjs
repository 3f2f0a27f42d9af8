// An image of one layer as an OCI archive, which containerd (`ctr images import`), skopeo and podman read.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tar } from './tar.mjs';

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * @param {string} reference such as `navarch.local/web:1`
 * @param {object[]} files entries of the root file system, see tar.mjs
 * @param {object} config the image's `config`: Cmd, Entrypoint, Env, ExposedPorts …
 * @param {string} architecture in Go's spelling
 */
export function ociArchive(reference, files, config, architecture) {
  const layer = tar(files);
  const packed = gzipSync(layer, { level: 6 });
  packed[9] = 255; // gzip names the system it ran on: make that "unknown"
  const blobs = [];
  const blob = (mediaType, bytes) => {
    const digest = digestOf(bytes);
    blobs.push({ path: `blobs/sha256/${digest.slice(7)}`, data: bytes });
    return { mediaType, digest, size: bytes.length };
  };
  const json = (mediaType, value) => blob(mediaType, Buffer.from(JSON.stringify(value)));
  const layerDescriptor = blob('application/vnd.oci.image.layer.v1.tar+gzip', packed);
  const configDescriptor = json('application/vnd.oci.image.config.v1+json', {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'navarch tools/images' }],
  });
  const manifest = json('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: configDescriptor,
    layers: [layerDescriptor],
  });
  const index = {
    schemaVersion: 2,
    manifests: [{
      ...manifest,
      platform: { architecture, os: 'linux' },
      // containerd takes the full name from its own annotation; others read the tag from the standard one.
      annotations: { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1) },
    }],
  };
  return tar([
    { path: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', data: JSON.stringify(index) },
    { path: 'blobs', type: 'directory' },
    { path: 'blobs/sha256', type: 'directory' },
    ...blobs,
  ]);
}
