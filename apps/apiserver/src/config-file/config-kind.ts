import { parse } from 'yaml';
import { Fields } from './strict-fields';

const GROUP = 'apiserver.config.k8s.io';
/** The earlier ones have the same fields, and upstream takes them still (staging/src/k8s.io/apiserver/pkg/apis/apiserver). */
const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `${GROUP}/${version}`);

/** The fields of a configuration file of a kind, YAML or JSON. @throws for any other kind or version */
export function configOfKind(text: string, wanted: string, ...fields: readonly string[]): Fields {
  const root = Fields.of('', parse(text));
  const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
  if (!VERSIONS.includes(apiVersion) || kind !== wanted) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}": it must be ${wanted} of ${GROUP}/v1`);
  root.only('apiVersion', 'kind', ...fields);
  return root;
}
