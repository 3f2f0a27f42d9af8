import { type JsonObject } from '../json';
import { type OpenApiVersion } from './openapi-input';

interface Parameter {
  readonly type: 'boolean' | 'integer' | 'string';
  readonly description: string;
  /** Where it stands, unless in the query. */
  readonly in?: 'path' | 'query';
  /** As requests name it, where two parameters have one name. */
  readonly name?: string;
}

const parameters = {
  allowWatchBookmarks: { type: 'boolean', description: 'Lets the server send events of type BOOKMARK in a watch: they carry nothing but a resourceVersion. When they come is up to the server. Ignored outside of watches.' },
  command: { type: 'string', description: 'The command to run, and its arguments: one each time that this is given. It is run as it is, by no shell.' },
  container: { type: 'string', description: 'The container that is meant. Default: the only one of the pod.' },
  continue: { type: 'string', description: 'The continue token of a list that ended at its limit: the list goes on there, and all other parameters but limit have to be those of the list. A token that is too old is answered with 410 (Gone); the answer may hold one with which the rest is listed as it is now. Not for watches.' },
  dryRun: { type: 'string', description: 'All does everything but store what was changed, admission included. Any other value is refused.' },
  fieldManager: { type: 'string', description: 'Who makes the changes: the manager that managedFields name. At most 128 printable characters. Apply patches need it; other requests without it are known by the begin of their user agent.' },
  fieldSelector: { type: 'string', description: 'Selects objects by the values of some of their fields. Default: all.' },
  fieldValidation: { type: 'string', description: 'What becomes of unknown and duplicate fields in the body: Ignore drops them silently, Warn (the default) names each in a warning, Strict refuses the request and names all of them.' },
  follow: { type: 'boolean', description: 'Goes on with what is logged from now on.' },
  force: { type: 'boolean', description: 'Takes over fields that belong to other managers, where an apply patch would otherwise be answered with a conflict. Only for apply patches.' },
  gracePeriodSeconds: { type: 'integer', description: 'Seconds until the object is deleted; zero deletes at once. Default: what the object or its kind says.' },
  ignoreStoreReadErrorWithClusterBreakingPotential: { type: 'boolean', description: 'Deletes an object that cannot be read any more, without its finalizers and preconditions: what depends on them may break the cluster. Refused for objects that can be read, with dryRun, and to those who lack the verb unsafe-delete-ignore-read-errors.' },
  insecureSkipTLSVerifyBackend: { type: 'boolean', description: 'Takes logs of a kubelet whose serving certificate nobody can verify: they may be of somebody else.' },
  labelSelector: { type: 'string', description: 'Selects objects by their labels. Default: all.' },
  limit: { type: 'integer', description: 'The most objects that one answer should hold. If there are more, its metadata.continue is the token for the next answer, and metadata.remainingItemCount may say how many. Not for watches.' },
  limitBytes: { type: 'integer', description: 'The most bytes of the log that are answered; the last line may be cut.' },
  name: { type: 'string', description: 'The name of the object.', in: 'path' },
  namespace: { type: 'string', description: 'The namespace of the object, by which teams and projects are kept apart.', in: 'path' },
  orphanDependents: { type: 'boolean', description: 'Deprecated, use propagationPolicy: whether dependents lose this owner and stay. Not together with propagationPolicy.' },
  pathBelow: { type: 'string', description: 'The path that is asked for there.', in: 'path', name: 'path' },
  ports: { type: 'integer', description: 'A port to forward; each time that this is given one more. Needed for WebSockets.' },
  pretty: { type: 'string', description: 'Whether JSON is indented for people: true or false. Without it, browsers, curl and wget get it indented.' },
  previous: { type: 'boolean', description: 'Shows the log of the container that ran before the present one.' },
  propagationPolicy: { type: 'string', description: 'What becomes of dependents: Orphan lets them stay, Background deletes them later, Foreground deletes them before the object. Default: what the finalizers of the object and its kind say. Not together with orphanDependents.' },
  proxyPath: { type: 'string', description: 'The path that is asked for there.', name: 'path' },
  resourceVersion: { type: 'string', description: 'How fresh the answer has to be, or where a watch begins. Unset asks for the newest state, 0 for any; see resourceVersionMatch for other values of lists.' },
  resourceVersionMatch: { type: 'string', description: 'What resourceVersion means to a list: Exact, or NotOlderThan. Needs resourceVersion.' },
  sendInitialEvents: { type: 'boolean', description: 'Begins a watch with an event ADDED for each object, and ends those with a bookmark annotated k8s.io/initial-events-end: "true". Needs resourceVersionMatch NotOlderThan; only for watches.' },
  sinceSeconds: { type: 'integer', description: 'Shows what was logged in that many last seconds.' },
  stderr: { type: 'boolean', description: 'Sends what the process writes as errors.' },
  stdin: { type: 'boolean', description: 'Hands what is sent to the process as its input. Default: false.' },
  stdout: { type: 'boolean', description: 'Sends what the process writes.' },
  stream: { type: 'string', description: 'Which stream of the container: All (the default), Stdout or Stderr. Not together with tailLines, unless it is All.' },
  tailLines: { type: 'integer', description: 'How many lines of the end are shown. Default: all.' },
  timeoutSeconds: { type: 'integer', description: 'Ends a list or watch after that many seconds, however busy it is.' },
  timestamps: { type: 'boolean', description: 'Puts the time before each line.' },
  tty: { type: 'boolean', description: 'Gives the process a terminal. Default: false.' },
  watch: { type: 'boolean', description: 'Sends what changes, as events added, modified and deleted, instead of a list.' },
} as const satisfies Readonly<Record<string, Parameter>>;

/** Parameters of operations, in path or query. */
export type ParameterName = keyof typeof parameters;

/** A parameter as the version of OpenAPI writes it. */
export function parameterSchema(name: ParameterName, version: OpenApiVersion): JsonObject {
  const { type, description, in: where = 'query', name: called = name }: Parameter = parameters[name];
  const inPath = where === 'path';
  const head: JsonObject = { name: called, in: where, description, ...(inPath ? { required: true } : {}) };
  const schema: JsonObject = { type, uniqueItems: true };
  return version === 'v2' ? { ...head, ...schema } : { ...head, schema };
}
