import { defaultCluster } from './layout';

/** The line to type for a command of this cluster: without --name it would be another cluster's. */
export function npmRun(command: string, cluster: string, ...options: string[]): string {
  const words = [...(cluster === defaultCluster ? [] : ['--name', cluster]), ...options];
  return ['npm run', command, ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}
