import { parse } from 'yaml';
import { Fields } from './strict-fields';

const API_VERSION = 'apiserver.config.k8s.io/v1';

/** The fields of a configuration file of a kind, YAML or JSON. @throws for any other kind or version */
export function configOfKind(text: string, wanted: string, ...fields: readonly string[]): Fields {
  const root = Fields.of('', parse(text));
  const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
  if (apiVersion !== API_VERSION || kind !== wanted) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}": it must be ${wanted} of ${API_VERSION}`);
  root.only('apiVersion', 'kind', ...fields);
  return root;
}
