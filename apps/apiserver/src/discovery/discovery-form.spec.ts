import { type DiscoveryForm, discoveryForm } from './discovery-form';

const aggregated = (type: string, v = 'v2', g = 'apidiscovery.k8s.io'): string => `${type};g=${g};v=${v};as=APIGroupDiscoveryList`;
const [json, yaml, protobuf] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;

function form(accept: string | undefined, mayAggregate = true): string {
  try {
    const { format, isAggregated, contentType }: DiscoveryForm = discoveryForm(accept, mayAggregate);
    return `${format}${isAggregated ? ' of all' : ''}: ${contentType}`;
  } catch (error) {
    return (error as Error).message;
  }
}
const refused = `only the following media types are accepted: ${json}, ${yaml}, ${protobuf}`;

it.each<[accept: string | undefined, chosen: string]>([
  [undefined, `json: ${json}`],
  ['*/*', `json: ${json}`],
  [yaml, `yaml: ${yaml}`],
  [protobuf, `protobuf: ${protobuf}`],
  [`${protobuf}, ${json}`, `protobuf: ${protobuf}`],
  [`${protobuf};q=0.5, ${json}`, `json: ${json}`],
  [aggregated(json), `json of all: ${aggregated(json)}`],
  [aggregated(protobuf), `protobuf of all: ${aggregated(protobuf)}`],
  [aggregated(yaml), `yaml of all: ${aggregated(yaml)}`],
  [`${aggregated(json)},${aggregated(json, 'v2beta1')},${json}`, `json of all: ${aggregated(json)}`],
  [`${json},${aggregated(json)}`, `json: ${json}`],
  [`${aggregated(json, 'v2beta1')},${json}`, `json: ${json}`],
  [aggregated(json, 'v2beta1'), refused],
  [aggregated(json, 'v2', 'example.com'), refused],
  ['application/json;as=Table;v=v1;g=meta.k8s.io', refused],
  ['application/json;stream=watch', refused],
  ['application/cbor', refused],
  ['text/html', refused],
  [`${json};q=0`, refused],
])('%s is answered with %s', (accept, chosen) => {
  expect(form(accept)).toBe(chosen);
});

it('has all at once only where it is served', () => {
  expect(form(aggregated(json), false)).toBe(refused);
  expect(form(`${aggregated(json)},${json}`, false)).toBe(`json: ${json}`);
});
