import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { Fields } from '../config-file/strict-fields';

/** What the AdmissionConfiguration says of each plug-in, by its name: the text of a file of its own, or what stands in it. */
export type PluginConfigurations = ReadonlyMap<string, { readonly text: string; readonly where: string; readonly directory: string }>;

const VERSIONS = ['apiserver.config.k8s.io/v1', 'apiserver.config.k8s.io/v1alpha1', 'apiserver.k8s.io/v1alpha1'];

/** Reads `--admission-control-config-file`. @throws for what is none, naming file and field */
export async function loadPluginConfigurations(file: string | undefined): Promise<PluginConfigurations> {
  const found = new Map<string, { text: string; where: string; directory: string }>();
  if (file === undefined) return found;
  const text = await readFile(file, 'utf8');
  try {
    const root = Fields.of('', parse(text));
    const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
    if (kind !== 'AdmissionConfiguration' || !VERSIONS.includes(apiVersion)) {
      throw new Error(`no kind "${kind}" is registered for version "${apiVersion}": it must be AdmissionConfiguration of ${VERSIONS[0] ?? ''}`);
    }
    root.only('apiVersion', 'kind', 'plugins');
    for (const plugin of root.optionalList('plugins')) {
      plugin.only('name', 'path', 'configuration');
      const name = plugin.text('name');
      if (found.has(name)) throw plugin.wrong(`"${name}" is configured twice`, 'name');
      const path = plugin.optionalText('path') ?? '';
      const directory = path === '' ? dirname(file) : dirname(resolve(dirname(file), path));
      if (path !== '') found.set(name, { text: await readFile(resolve(dirname(file), path), 'utf8'), where: path, directory });
      else if (plugin.has('configuration')) found.set(name, { text: JSON.stringify(plugin.object('configuration').raw), where: `${plugin.path}.configuration`, directory });
    }
  } catch (error) {
    throw new Error(`--admission-control-config-file=${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return found;
}

/** Reads a plug-in's own configuration; undefined where there is none. @throws naming the plug-in and the place */
export function pluginConfiguration<T>(configurations: PluginConfigurations, plugin: string, read: (root: Fields, directory: string) => T): T | undefined {
  const found = configurations.get(plugin);
  if (!found) return undefined;
  try {
    return read(Fields.of('', parse(found.text)), found.directory);
  } catch (error) {
    throw new Error(`admission plug-in ${plugin}: ${found.where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
