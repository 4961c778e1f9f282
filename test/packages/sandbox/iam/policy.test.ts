// Policy evaluation: conditions operator by operator, patterns against an independent matcher, who a trust policy names.

import { isConditionMet } from '@sallyport/sandbox/internal/iam/policy/conditions';
import { ConditionContext, type ConditionValue } from '@sallyport/sandbox/internal/iam/policy/context';
import { type PolicyDocument, readPolicy } from '@sallyport/sandbox/internal/iam/policy/document';
import {
  evaluateIdentity,
  evaluateTrust,
  type TrustedPrincipal,
} from '@sallyport/sandbox/internal/iam/policy/evaluate';
import { matchesArn, matchesParts, parsePattern } from '@sallyport/sandbox/internal/iam/policy/pattern';
import { Reader } from '@sallyport/sandbox/internal/iam/reader';
import fc from 'fast-check';
import t from 'tap';

const policy = (kind: 'trust' | 'identity', statements: unknown, Version = '2012-10-17'): PolicyDocument => {
  const reader = new Reader({ Version, Statement: statements });
  const document = readPolicy(reader, kind);
  t.same(reader.errors, [], 'the test wrote a valid policy');
  return document;
};

t.test('condition operators', async (t) => {
  const rows: [
    operator: string,
    policyValues: string | string[],
    value: ConditionValue,
    expected: boolean,
  ][] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a', undefined, false],
    ['StringEquals', 'a', ['a', 'b'], false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'a', 'A', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'a*c?', 'abbcd', true],
    ['StringLike', 'a?', 'a', false],
    ['StringNotLike', 'a*', 'b', true],
    ['StringLike', '*', undefined, false],
    ['NumericEquals', '10', '10.0', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '9', '10', true],
    ['NumericGreaterThanEquals', '10', '9', false],
    ['NumericEquals', '0', '', false],
    ['DateLessThan', '2026-11-21T12:00:00Z', '2026-11-21T11:59:59Z', true],
    ['DateLessThanEquals', '2026-11-21T12:00:00Z', '2026-11-21T12:00:01Z', false],
    ['DateGreaterThan', '1795262400', '2026-11-21T12:00:01Z', true],
    ['DateGreaterThanEquals', '2026-11-21', '2026-11-20', false],
    ['DateEquals', '1795262400', '2026-11-21T12:00:00Z', true],
    ['DateNotEquals', '1795262400', '2026-11-21T12:00:00Z', false],
    ['Bool', 'true', 'TRUE', true],
    ['Bool', 'false', 'true', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['IpAddress', '10.0.0.0/8', '10.1.2.3', true],
    ['IpAddress', ['192.0.2.1', '2001:db8::/32'], '2001:db8::1', true],
    ['IpAddress', '10.0.0.0/8', '11.1.2.3', false],
    ['IpAddress', '10.0.0.0/8', 'no address', false],
    ['NotIpAddress', '10.0.0.0/8', '11.1.2.3', true],
    ['ArnLike', 'arn:aws:iam::*:role/team/*', 'arn:aws:iam::1:role/team/x', true],
    ['ArnLike', 'arn:aws:*', 'arn:aws:iam::1:role/x', false],
    ['ArnEquals', 'arn:aws:iam::*:role/x', 'arn:aws:iam::1:role/x', true],
    ['ArnNotLike', 'arn:aws:iam::1:*', 'arn:aws:iam::2:role/x', true],
    ['ArnNotEquals', 'arn:aws:iam::1:role/x', 'arn:aws:iam::1:role/x', false],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'a', false],
    ['Null', 'false', 'a', true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', 'a', undefined, true],
    ['ForAllValues:StringNotEquals', 'a', ['b', 'c'], true],
    ['ForAnyValue:StringLike', 'a*', ['b', 'ab'], true],
    ['ForAnyValue:StringLike', 'a*', ['b'], false],
    ['ForAnyValue:StringNotEquals', 'a', undefined, false],
    ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ];
  for (const [operator, values, value, expected] of rows) {
    const condition = { operator, key: 'Some:Key', values: [values].flat() };
    const context = new ConditionContext([['some:key', value]]);
    t.equal(
      isConditionMet(condition, '2012-10-17', context),
      expected,
      `${JSON.stringify(value)} ${operator} ${JSON.stringify(values)}`,
    );
  }
});

t.test('policy variables', async (t) => {
  const context = new ConditionContext([
    ['aws:username', 'a*b'],
    ['aws:TagKeys', ['x', 'y']],
  ]);
  const matches = (pattern: string, text: string) => {
    const parts = parsePattern(pattern, context);
    return parts !== undefined && matchesParts(parts, text);
  };
  t.ok(matches('home/${aws:username}/*', 'home/a*b/x'));
  t.notOk(matches('home/${aws:username}', 'home/aXb'), 'a wildcard in a value is no wildcard');
  t.notOk(matches('${aws:missing}', ''), 'a variable without value matches nothing');
  t.notOk(matches('${aws:TagKeys}', 'x'), 'nor one with several');
  t.ok(matches("${aws:missing, 'guest'}-?", 'guest-1'));
  t.ok(matches('${*}${?}${$}', '*?$'));
  const old = { operator: 'StringEquals', key: 'k', values: ['${aws:username}'] };
  const literal = new ConditionContext([['k', '${aws:username}']]);
  t.ok(isConditionMet(old, '2008-10-17', literal), 'the old version has none');
  t.notOk(isConditionMet(old, '2012-10-17', literal));
});

t.test('patterns agree with regular expressions', async (t) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '.', '😀'), maxLength: 12 });
  const patterns = fc.string({
    unit: fc.constantFrom('a', 'b', ':', '/', '.', '*', '?', '😀'),
    maxLength: 8,
  });
  const regExpOf = (pattern: string) =>
    new RegExp(
      `^${[...pattern].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[./]/, '\\$&'))).join('')}$`,
      'su',
    );
  const run = fc.check(
    fc.property(patterns, letters, (pattern, text) => {
      const parts = parsePattern(pattern) ?? [];
      return matchesParts(parts, text) === regExpOf(pattern).test(text);
    }),
    { numRuns: 2000 },
  );
  t.notOk(run.failed, `seed ${run.seed} ${JSON.stringify(run.counterexample)}`);
  const slow = matchesParts(parsePattern('*a'.repeat(60)) ?? [], `${'a'.repeat(2000)}b`);
  t.notOk(slow, 'a backtracking matcher would not end');
  t.notOk(matchesArn(parsePattern('*') ?? [], 'arn:aws:iam::1:role/x'));
  t.notOk(matchesArn(parsePattern('*:*:*:*:*:*') ?? [], 'not:an:arn'));
  t.ok(matchesArn(parsePattern('arn:aws:s:::a:*:c') ?? [], 'arn:aws:s:::a:b:c'));
});

t.test('identity policies', async (t) => {
  const effect = (statements: unknown, action = 'sts:AssumeRole', resource = 'arn:aws:iam::1:role/x') =>
    evaluateIdentity([policy('identity', statements)], { action, resource, context: new ConditionContext() });
  const allow = { Effect: 'Allow', Action: 'sts:*', Resource: '*' };
  t.equal(effect(allow), 'allowed');
  t.equal(effect({ ...allow, Action: 'STS:assume*' }), 'allowed', 'actions ignore case');
  t.equal(effect({ ...allow, Resource: 'arn:aws:iam::1:role/y' }), 'implicitDeny');
  t.equal(effect([allow, { ...allow, Effect: 'Deny' }]), 'explicitDeny', 'a deny wins');
  t.equal(effect({ Effect: 'Allow', NotAction: 'sts:Get*', Resource: '*' }), 'allowed');
  t.equal(effect({ Effect: 'Allow', NotAction: 'sts:*', Resource: '*' }), 'implicitDeny');
  t.equal(effect({ Effect: 'Allow', Action: '*', NotResource: '*:role/x' }), 'implicitDeny');
  t.equal(effect({ Effect: 'Allow', Action: '*', NotResource: '*:role/y' }), 'allowed');
  const twoConditions = { StringLike: { a: '*' }, Null: { b: 'true' } };
  t.equal(effect({ ...allow, Condition: twoConditions }), 'implicitDeny', 'all conditions must hold');
});

t.test('trust policy principals', async (t) => {
  const session: TrustedPrincipal = {
    type: 'AWS',
    account: '111122223333',
    arn: 'arn:aws:iam::111122223333:role/team/Jump',
    sessionArn: 'arn:aws:sts::111122223333:assumed-role/Jump/one',
  };
  const request = { action: 'sts:AssumeRole', resource: 'x', context: new ConditionContext() };
  const decide = (statements: unknown, principal: TrustedPrincipal = session) =>
    evaluateTrust(policy('trust', statements), principal, request);
  const allow = (Principal: unknown) => ({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' });
  const deny = (Principal: unknown) => ({ ...allow(Principal), Effect: 'Deny' });
  t.same(decide(allow({ AWS: session.sessionArn })), { effect: 'allowed', principalMatch: 'session' });
  t.same(decide(allow({ AWS: [session.arn, '111122223333'] })), {
    effect: 'allowed',
    principalMatch: 'principal',
  });
  t.same(decide(allow('*')), { effect: 'allowed', principalMatch: 'everyone' });
  t.same(decide(allow({ AWS: '*' })), { effect: 'allowed', principalMatch: 'everyone' });
  t.same(decide(allow({ AWS: '111122223333' })), { effect: 'allowed', principalMatch: 'account' });
  t.same(decide(allow({ AWS: 'arn:aws:iam::111122223333:root' })), {
    effect: 'allowed',
    principalMatch: 'account',
  });
  t.same(decide([allow({ AWS: '111122223333' }), allow('*')]), {
    effect: 'allowed',
    principalMatch: 'everyone',
  });
  const implicit = { effect: 'implicitDeny' };
  t.same(
    decide(allow({ AWS: 'arn:aws:iam::111122223333:role/Jump' })),
    implicit,
    'the path belongs to the ARN',
  );
  t.same(decide(allow({ AWS: 'arn:aws:iam::111122223333:role/*' })), implicit, 'no partial wildcards');
  t.same(decide(allow({ AWS: '444455556666' })), implicit);
  t.same(decide(allow({ Federated: session.arn })), implicit);
  t.same(decide(allow({ Service: 'ec2.amazonaws.com' })), implicit);
  t.same(decide([allow('*'), deny({ AWS: session.arn })]), { effect: 'explicitDeny' });
  t.same(decide([allow('*'), deny({ AWS: '111122223333' })]), { effect: 'explicitDeny' });
  t.same(decide([allow('*'), deny({ AWS: '444455556666' })]), {
    effect: 'allowed',
    principalMatch: 'everyone',
  });
  const denyOthers = (NotPrincipal: unknown) => ({ Effect: 'Deny', NotPrincipal, Action: '*' });
  t.same(decide([allow('*'), denyOthers({ AWS: '444455556666' })]), { effect: 'explicitDeny' });
  t.same(decide([allow('*'), denyOthers({ AWS: session.arn })]), {
    effect: 'allowed',
    principalMatch: 'everyone',
  });
  const federated: TrustedPrincipal = { type: 'Federated', arn: 'arn:aws:iam::1:saml-provider/Idp' };
  t.same(decide(allow({ Federated: federated.arn }), federated), {
    effect: 'allowed',
    principalMatch: 'principal',
  });
  t.same(decide(allow({ Federated: '*' }), federated), implicit);
  t.same(decide(allow('*'), federated), implicit, 'everyone of AWS is not everyone of a provider');
});
