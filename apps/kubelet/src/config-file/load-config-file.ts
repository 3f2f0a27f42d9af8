import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyMergePatch, type JsonObject } from '@navarch/apimachinery';
import { FlagError, readConfiguration, settingsOf, type FlagSettings } from '@navarch/component-base';
import { KUBELET_CONFIGURATION } from './fields';

/**
 * A kubelet's `--config` with what `--config-dir` adds: a KubeletConfiguration, whose fields become flags that the command line may override.
 * Each file of the directory is a merge patch to what was before it (upstream's mergeKubeletConfigurations in cmd/kubelet/app/server.go).
 * @throws FlagError
 */
export function loadConfigFiles(path: string | undefined, directory: string | undefined): FlagSettings {
  let document: JsonObject | undefined = path === undefined ? undefined : readConfiguration(KUBELET_CONFIGURATION, path);
  for (const file of directory === undefined ? [] : dropIns(directory)) {
    const dropIn = readConfiguration(KUBELET_CONFIGURATION, file, 'dropin');
    document = document ? applyMergePatch(document, dropIn) : dropIn;
  }
  return document ? settingsOf(KUBELET_CONFIGURATION, document) : { values: {}, withoutEffect: [] };
}

/** All `*.conf` below a directory, in the order of their names. */
function dropIns(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    return entries.flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return dropIns(path);
      return entry.name.endsWith('.conf') ? [path] : [];
    });
  } catch (error) {
    if (error instanceof FlagError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new FlagError(`failed to walk through kubelet dropin directory "${directory}": ${(error as Error).message}`);
  }
}
