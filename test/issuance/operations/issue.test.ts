import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { type ErrorCode, SallyportError } from '../../../src/core/errors.js';
import type { IssueRequest, MfaCode, Proof, Session, Target } from '../../../src/core/types.js';
import { translateStsError } from '../../../src/issuance/sts/translate-error.js';
import { KEYS, openTestSts, stsIssuerOver } from '../../support/sts.js';
import { failure, REQUEST_ID, type StsAnswer, startStsStub, success } from '../../support/sts-stub.js';

const CREDENTIALS =
  '<Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>the-secret-key</SecretAccessKey>' +
  '<SessionToken>the-session-token</SessionToken><Expiration>2026-11-21T13:00:00Z</Expiration></Credentials>';
const ROLE_USER =
  '<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:alice</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/deploy/alice</Arn></AssumedRoleUser>';

const TARGETS = {
  saml: {
    operation: 'AssumeRoleWithSAML',
    roleArn: 'arn:aws:iam::111122223333:role/S3Reader',
    principalArn: 'arn:aws:iam::111122223333:saml-provider/Adfs',
  },
  web: {
    operation: 'AssumeRoleWithWebIdentity',
    roleArn: 'arn:aws:iam::111122223333:role/deploy',
    webIdentity: 'caller',
  },
  user: { operation: 'GetFederationToken' },
  keyless: {
    operation: 'AssumeRoleWithWebIdentity',
    roleArn: 'arn:aws:iam::111122223333:role/deploy',
    webIdentity: 'broker',
  },
} as const satisfies Record<string, Target>;

const requestOf = (
  target: Target,
  type: Proof['type'],
  session: Partial<Session> = {},
  mfa?: MfaCode,
): IssueRequest => ({
  principal: {
    issuer: 'corp',
    type,
    subject: 'alice',
    claims: {},
    issuedAt: 1_795_000_000,
    expiresAt: 1_795_003_600,
  },
  decision: {
    role: 'r',
    target,
    session: { name: 'alice', durationSeconds: 900, ...session },
    grant: 'g',
    durationLimitedBy: 'role',
  },
  proof: { type, value: new Secret('the proof+/=&"') },
  ...(mfa && { mfa }),
});
const FULL: Partial<Session> = {
  policy: '{"Version":"2012-10-17"}',
  policyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'],
};

const issueOver = (...parts: Parameters<typeof stsIssuerOver>) => {
  const issuer = stsIssuerOver(...parts);
  return (request: IssueRequest) => issuer.issue(request);
};

/** Issues against a stub that always sends this response. */
async function issuing(t: Test, response: StsAnswer | undefined) {
  const stub = await startStsStub(t, () => response);
  const { sts } = openTestSts(t, { 'eu-west-1': stub.url }, { credentials: KEYS });
  return { issue: issueOver(sts), calls: stub.calls };
}

const errorOf = async (outcome: Promise<unknown>): Promise<SallyportError> => {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof SallyportError) return error;
    throw error;
  }
  throw new Error('it was issued');
};

t.test('AssumeRoleWithSAML request and response', async (t) => {
  const said =
    '<Subject>alice</Subject><SubjectType>persistent</SubjectType><Issuer>https://idp</Issuer><Audience>https://signin.aws.amazon.com/saml</Audience><NameQualifier>q=</NameQualifier>';
  const { issue, calls } = await issuing(
    t,
    success(
      'AssumeRoleWithSAML',
      `${ROLE_USER}${CREDENTIALS}${said}<PackedPolicySize>6</PackedPolicySize><SourceIdentity>alice@corp</SourceIdentity>`,
    ),
  );
  const issued = await issue(requestOf(TARGETS.saml, 'saml', { ...FULL, tags: { not: 'sent' } }));
  t.same(calls[0]?.form, {
    Action: 'AssumeRoleWithSAML',
    Version: '2011-06-15',
    RoleArn: TARGETS.saml.roleArn,
    PrincipalArn: TARGETS.saml.principalArn,
    SAMLAssertion: 'the proof+/=&"',
    DurationSeconds: '900',
    Policy: FULL.policy,
    'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/A',
    'PolicyArns.member.2.arn': 'arn:aws:iam::aws:policy/B',
  });
  t.notOk(calls[0]?.headers.authorization, 'no AWS key signs it');
  t.match(issued, {
    assumedRoleUser: {
      assumedRoleId: 'AROAEXAMPLE:alice',
      arn: 'arn:aws:sts::111122223333:assumed-role/deploy/alice',
    },
    packedPolicySize: 6,
    sourceIdentity: 'alice@corp',
    federation: {
      Subject: 'alice',
      SubjectType: 'persistent',
      Issuer: 'https://idp',
      Audience: 'https://signin.aws.amazon.com/saml',
      NameQualifier: 'q=',
    },
    stsRequestId: REQUEST_ID,
  });
  const { credentials } = issued;
  t.equal(credentials.accessKeyId, 'ASIAEXAMPLEEXAMPLE00');
  t.equal(credentials.secretAccessKey.reveal(), 'the-secret-key');
  t.equal(credentials.sessionToken.reveal(), 'the-session-token');
  t.equal(credentials.expiration.toISOString(), '2026-11-21T13:00:00.000Z');
  t.notMatch(JSON.stringify(issued), /the-secret|the-session/);
});

t.test('AssumeRoleWithWebIdentity request and response', async (t) => {
  const said =
    '<SubjectFromWebIdentityToken>sub-1</SubjectFromWebIdentityToken><Provider>https://ci</Provider><Audience>sallyport</Audience>';
  const { issue, calls } = await issuing(
    t,
    success('AssumeRoleWithWebIdentity', `${ROLE_USER}${CREDENTIALS}${said}`),
  );
  const issued = await issue(requestOf(TARGETS.web, 'oidc'));
  t.same(calls[0]?.form, {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: TARGETS.web.roleArn,
    RoleSessionName: 'alice',
    WebIdentityToken: 'the proof+/=&"',
    DurationSeconds: '900',
  });
  t.notOk(calls[0]?.headers.authorization);
  t.strictSame(issued.federation, {
    SubjectFromWebIdentityToken: 'sub-1',
    Provider: 'https://ci',
    Audience: 'sallyport',
  });
  t.notOk('packedPolicySize' in issued || 'sourceIdentity' in issued || 'federatedUser' in issued);
});

t.test('GetFederationToken request and response', async (t) => {
  const user =
    '<FederatedUser><FederatedUserId>111122223333:alice</FederatedUserId><Arn>arn:aws:sts::111122223333:federated-user/alice</Arn></FederatedUser><PackedPolicySize>0</PackedPolicySize>';
  const { issue, calls } = await issuing(t, success('GetFederationToken', `${CREDENTIALS}${user}`));
  const issued = await issue(
    requestOf(TARGETS.user, 'oidc', { policy: '{}', tags: { team: 'blue sky', n: '1' } }),
  );
  t.same(calls[0]?.form, {
    Action: 'GetFederationToken',
    Version: '2011-06-15',
    Name: 'alice',
    DurationSeconds: '900',
    Policy: '{}',
    'Tags.member.1.Key': 'team',
    'Tags.member.1.Value': 'blue sky',
    'Tags.member.2.Key': 'n',
    'Tags.member.2.Value': '1',
  });
  t.match(
    calls[0]?.headers.authorization,
    /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE00\/\d{8}\/eu-west-1\/sts\/aws4_request/,
  );
  t.notMatch(
    JSON.stringify(calls),
    /the proof|broker-secret/,
    'neither the proof nor the key itself is sent',
  );
  t.strictSame(issued.federatedUser, {
    federatedUserId: '111122223333:alice',
    arn: 'arn:aws:sts::111122223333:federated-user/alice',
  });
  t.equal(issued.packedPolicySize, 0);
  t.notOk('federation' in issued);
});

t.test("keyless mode sends the broker's token to STS; its refusal is web_identity_rejected", async (t) => {
  const responses = [success('AssumeRoleWithWebIdentity', `${ROLE_USER}${CREDENTIALS}`)];
  const stub = await startStsStub(t, () => responses.shift());
  const { sts } = openTestSts(t, { 'eu-west-1': stub.url });
  const issue = issueOver(sts, {
    tokenSigner: {
      sign: async ({ principal, decision }) =>
        new Secret(`${principal.subject} ${decision.session.sourceIdentity}`),
    },
  });
  const request = requestOf(TARGETS.keyless, 'saml', { tags: { not: 'sent' }, sourceIdentity: 'a@corp' });
  await issue(request);
  t.same(stub.calls[0]?.form, {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: TARGETS.keyless.roleArn,
    RoleSessionName: 'alice',
    WebIdentityToken: 'alice a@corp',
    DurationSeconds: '900',
  });
  const rows: [status: number, code: string, ours: ErrorCode][] = [
    [400, 'InvalidIdentityToken', 'web_identity_rejected'],
    [403, 'IDPRejectedClaim', 'web_identity_rejected'],
    [400, 'ExpiredTokenException', 'web_identity_rejected'],
    [403, 'AccessDenied', 'sts_access_denied'],
  ];
  for (const [status, code, ours] of rows) {
    responses.push(failure(status, code));
    const error = await errorOf(issue(request));
    t.match(error, { code: ours, reason: `sts.${code}`, sts: { code, requestId: REQUEST_ID } });
    t.ok(error.cause, 'the cause goes to the log');
  }
  const without = await errorOf(issueOver(sts)(request));
  t.match(without, { code: 'internal', reason: 'web_identity.no_keys' });
  t.equal(stub.calls.length, 5, 'the proof itself is never sent');
});

t.test('a response with incomplete credentials is sts_unavailable', async (t) => {
  const parts = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'];
  const rows: [what: string, xml: string][] = [
    ['no credentials', ''],
    ...parts.map((part): [string, string] => [
      `no ${part}`,
      CREDENTIALS.replace(new RegExp(`<${part}>.*</${part}>`), ''),
    ]),
    ...parts.map((part): [string, string] => [
      `empty ${part}`,
      CREDENTIALS.replace(new RegExp(`<${part}>.*</${part}>`), `<${part}></${part}>`),
    ]),
    ['a time that is none', CREDENTIALS.replace('2026-11-21T13:00:00Z', 'tomorrow')],
  ];
  for (const [what, xml] of rows) {
    const { issue } = await issuing(t, success('AssumeRoleWithWebIdentity', `${ROLE_USER}${xml}`));
    t.equal((await errorOf(issue(requestOf(TARGETS.web, 'oidc')))).code, 'sts_unavailable', what);
  }
  for (const body of ['', 'moved', '<html>502</html>', '{"a":1}']) {
    const { issue } = await issuing(t, { body });
    t.equal((await errorOf(issue(requestOf(TARGETS.web, 'oidc')))).code, 'sts_unavailable', body);
  }
});

t.test('STS error responses map to error codes, with retries where they help', async (t) => {
  const rows: [status: number, code: string, ours: ErrorCode, calls: number][] = [
    [403, 'AccessDenied', 'sts_access_denied', 1],
    [400, 'InvalidIdentityToken', 'sts_rejected_proof', 1],
    [403, 'IDPRejectedClaim', 'sts_rejected_proof', 1],
    [400, 'ExpiredTokenException', 'proof_expired', 1],
    [403, 'ExpiredToken', 'broker_credentials_invalid', 1],
    [403, 'InvalidClientTokenId', 'broker_credentials_invalid', 1],
    [403, 'SignatureDoesNotMatch', 'broker_credentials_invalid', 1],
    [403, 'MissingAuthenticationToken', 'broker_credentials_invalid', 1],
    [400, 'ValidationError', 'sts_rejected_request', 1],
    [400, 'InvalidParameterValue', 'sts_rejected_request', 1],
    [400, 'PackedPolicyTooLarge', 'packed_policy_too_large', 1],
    [403, 'RegionDisabledException', 'sts_region_disabled', 1],
    [400, 'Throttling', 'sts_throttled', 3],
    [400, 'IDPCommunicationError', 'issuer_unavailable', 3],
    [500, 'InternalFailure', 'sts_unavailable', 3],
    [503, 'ServiceUnavailable', 'sts_unavailable', 3],
    [418, 'SomethingNew', 'sts_rejected_request', 1],
    [501, 'SomethingNew', 'sts_unavailable', 1],
  ];
  await Promise.all(
    rows.map(async ([status, code, ours, count]) => {
      const { issue, calls } = await issuing(
        t,
        failure(status, code, 'the proof+/=&amp;" is in the message'),
      );
      const error = await errorOf(issue(requestOf(TARGETS.web, 'oidc')));
      t.equal(error.code, ours, code);
      t.match(error.reason, /^sts\.[A-Za-z]+$/, code);
      t.equal(calls.length, count, `${code}: calls`);
      t.notMatch(`${error.message} ${error.reason} ${JSON.stringify(error.members)}`, 'in the message');
      t.ok(error.cause, 'the cause goes to the log');
    }),
  );
});

t.test('network errors are retried, then sts_unavailable', async (t) => {
  const { issue, calls } = await issuing(t, undefined);
  const error = await errorOf(issue(requestOf(TARGETS.web, 'oidc')));
  t.equal(error.code, 'sts_unavailable');
  t.equal(calls.length, 3);
  const unknown = issueOver(openTestSts(t, { 'eu-west-1': 'http://127.0.0.1:1' }).sts);
  t.equal((await errorOf(unknown(requestOf(TARGETS.web, 'oidc')))).code, 'sts_unavailable');
});

t.test('a call that fails once succeeds on retry', async (t) => {
  const responses = [
    failure(503, 'ServiceUnavailable'),
    success('AssumeRoleWithWebIdentity', `${ROLE_USER}${CREDENTIALS}`),
  ];
  const stub = await startStsStub(t, () => responses.shift());
  const issue = issueOver(openTestSts(t, { 'eu-west-1': stub.url }).sts);
  t.equal((await issue(requestOf(TARGETS.web, 'oidc'))).credentials.accessKeyId, 'ASIAEXAMPLEEXAMPLE00');
});

t.test('missing broker credentials fail signed operations only', async (t) => {
  const environment = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  };
  const saved = { ...process.env };
  t.teardown(() => {
    process.env = saved;
  });
  process.env = { PATH: saved['PATH'], ...environment };
  const stub = await startStsStub(t, () =>
    success('AssumeRoleWithWebIdentity', `${ROLE_USER}${CREDENTIALS}`),
  );
  const issue = issueOver(openTestSts(t, { 'eu-west-1': stub.url }).sts);
  t.equal((await errorOf(issue(requestOf(TARGETS.user, 'oidc')))).code, 'broker_credentials_invalid');
  t.equal(stub.calls.length, 0);
  t.ok(await issue(requestOf(TARGETS.web, 'oidc')));
});

t.test('translateStsError maps any error to a SallyportError', (t) => {
  const named = (name: string, more: object = {}) => Object.assign(new Error('text'), { name, ...more });
  const rows: [error: unknown, code: ErrorCode, reason: string][] = [
    [named('AccessDeniedException'), 'sts_access_denied', 'sts.AccessDeniedException'],
    [named('STSServiceException', { Code: 'AccessDenied' }), 'sts_access_denied', 'sts.AccessDenied'],
    [
      named('InvalidIdentityTokenException', { Code: 'InvalidIdentityToken' }),
      'sts_rejected_proof',
      'sts.InvalidIdentityToken',
    ],
    [named('ExpiredTokenException'), 'proof_expired', 'sts.ExpiredTokenException'],
    [
      named('ExpiredTokenException', { Code: 'ExpiredTokenException' }),
      'proof_expired',
      'sts.ExpiredTokenException',
    ],
    [named('ExpiredToken'), 'broker_credentials_invalid', 'sts.ExpiredToken'],
    [named('ThrottlingException'), 'sts_throttled', 'sts.ThrottlingException'],
    [named('CredentialsProviderError'), 'broker_credentials_invalid', 'sts.CredentialsProviderError'],
    [named('EndpointError'), 'sts_rejected_request', 'sts.EndpointError'],
    [named('TimeoutError'), 'sts_unavailable', 'sts.TimeoutError'],
    // Names that objects inherit, and codes that are no words
    [named('constructor'), 'sts_unavailable', 'sts.constructor'],
    [named('x', { Code: '__proto__' }), 'sts_unavailable', 'sts.unknown'],
    [named('x', { Code: 'toString' }), 'sts_unavailable', 'sts.toString'],
    [named('x', { Code: 'a b\nc' }), 'sts_unavailable', 'sts.unknown'],
    [named('x', { Code: 'A'.repeat(65) }), 'sts_unavailable', 'sts.unknown'],
    [named('x', { Code: 7 }), 'sts_unavailable', 'sts.x'],
    [named(''), 'sts_unavailable', 'sts.unknown'],
    ['text', 'sts_unavailable', 'sts.unknown'],
    [undefined, 'sts_unavailable', 'sts.unknown'],
    [null, 'sts_unavailable', 'sts.unknown'],
  ];
  for (const [error, code, reason] of rows) {
    const ours = translateStsError(error);
    t.strictSame([ours.code, ours.reason], [code, reason], reason);
    t.notMatch(ours.message, 'text');
  }
  const own = new SallyportError('internal');
  t.equal(translateStsError(own), own);
  t.end();
});
