import type { networkingv1 } from '@navarch/api';
import { controllerName, defaultClassAnnotation, ServedClasses } from './served-classes';

const ingressClass = (name: string, controller: string, creationTimestamp?: string): networkingv1.IngressClass => ({
  metadata: { name, ...(creationTimestamp === undefined ? {} : { creationTimestamp, annotations: { [defaultClassAnnotation]: 'true' } }) }, spec: { controller },
});
const ingress = (spec: networkingv1.IngressSpec, annotations?: Record<string, string>): networkingv1.Ingress => ({ metadata: { name: 'web', ...(annotations === undefined ? {} : { annotations }) }, spec });
const [older, younger] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];

describe('ServedClasses', () => {
  it('serves its own class, and every other that names this controller, by field or by the older annotation', () => {
    const served = new ServedClasses('navarch', [ingressClass('public', controllerName), ingressClass('nginx', 'k8s.io/ingress-nginx')]);
    expect(['navarch', 'public', 'nginx', 'missing'].map((ingressClassName) => served.has(ingress({ ingressClassName })))).toEqual([true, true, false, false]);
    expect(['public', 'nginx'].map((name) => served.has(ingress({}, { 'kubernetes.io/ingress.class': name })))).toEqual([true, false]);
    expect(new ServedClasses('navarch', [ingressClass('navarch', 'somebody.else/controller')]).has(ingress({ ingressClassName: 'navarch' }))).toBe(false);
  });

  it.each([
    ['nobody is the default', [ingressClass('navarch', controllerName)], false],
    ['the default is ours', [ingressClass('navarch', controllerName, older)], true],
    ['a younger default is another\'s', [ingressClass('navarch', controllerName, older), ingressClass('nginx', 'k8s.io/ingress-nginx', younger)], false],
    ['of two as young ours is the first by name', [ingressClass('nginx', 'k8s.io/ingress-nginx', older), ingressClass('navarch', controllerName, older)], true],
  ])('serves an Ingress without a class by the default class: %s', (_reason, classes, expected) => {
    expect(new ServedClasses('navarch', classes).has(ingress({}))).toBe(expected);
  });
});
