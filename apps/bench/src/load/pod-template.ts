import { sequenceMark } from './request-template';

/** A pod as a Deployment would make it; about 2 KB are served, with what the server adds. */
export function podTemplate(options: { readonly name: string; readonly schedulerName?: string } | { readonly generateName: string; readonly schedulerName?: string }): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...('name' in options ? { name: options.name } : { generateName: options.generateName }), labels: { app: 'bench', 'pod-template-hash': '6f7d9c8b5' } },
    spec: {
      ...(options.schedulerName === undefined ? {} : { schedulerName: options.schedulerName }),
      containers: [{ name: 'web', image: 'navarch.local/web:1', resources: { requests: { cpu: '10m', memory: '16Mi' } } }],
    },
  };
}

/** No scheduler has this name: the pods stay as they were created. */
export const noScheduler = 'navarch-bench-none';

export const numberedPod = (schedulerName?: string): string => JSON.stringify(podTemplate({ name: `pod-${sequenceMark}`, ...(schedulerName === undefined ? {} : { schedulerName }) }));

/** One that never runs; the server gives it its name. */
export const generatedPod = JSON.stringify(podTemplate({ generateName: 'pod-', schedulerName: noScheduler }));
