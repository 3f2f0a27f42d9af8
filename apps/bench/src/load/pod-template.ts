import { sequenceMark } from './request-template';

/** Fills the pod up so that about 2 KB are served, with what the server adds. */
const padding = 'Harmonia, Hellespont, Halicarnassus, Himera';

/** A pod as a Deployment would make it. */
export function podTemplate(options: { readonly name: string; readonly schedulerName?: string }): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: options.name, labels: { app: 'bench', tier: 'web', 'pod-template-hash': '6f7d9c8b5' }, annotations: { 'bench.navarch.io/note': padding } },
    spec: {
      ...(options.schedulerName === undefined ? {} : { schedulerName: options.schedulerName }),
      containers: [{
        name: 'web',
        image: 'navarch.local/web:1',
        ports: [{ name: 'http', containerPort: 8080 }],
        env: [{ name: 'PLACE', value: padding }, { name: 'PORT', value: '8080' }],
        resources: { requests: { cpu: '10m', memory: '16Mi' } },
        readinessProbe: { httpGet: { path: '/', port: 'http' } },
      }],
    },
  };
}

/** No scheduler has this name: the pods stay as they were created. */
export const noScheduler = 'navarch-bench-none';

export const numberedPod = (schedulerName?: string): string => JSON.stringify(podTemplate({ name: `pod-${sequenceMark}`, ...(schedulerName === undefined ? {} : { schedulerName }) }));
