// POST /v1/console on the wire: what POST /v1/credentials takes, and where the sign-in is to lead.
import { MAX_ROLE_SESSION_SECONDS, MIN_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import { type Static, Type } from 'typebox';
import { DURATION_LIMITS } from '../../../core/types.js';
import { closed, exchangeFields, SallyportFields } from '../../exchange-request.js';

export const ConsoleRequestBody = Type.Object(
  {
    ...exchangeFields,
    Destination: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description:
          "https URL of a page of the AWS console, of the role's partition. Default: the console's home in the role's region.",
      }),
    ),
    SessionDuration: Type.Optional(
      Type.Integer({
        minimum: MIN_SESSION_SECONDS,
        maximum: MAX_ROLE_SESSION_SECONDS,
        description:
          "Seconds that the console session may last, up to the role's limit, where AWS takes it: not for GetFederationToken, not for chained roles. Default: as long as the credentials.",
      }),
    ),
  },
  closed,
);

export const ConsoleAnswer = Type.Object(
  {
    SigninUrl: Type.String({
      description: 'Whoever opens it is signed in. Keep it as secret as the credentials.',
    }),
    Expires: Type.String({
      format: 'date-time',
      description: 'Until when it can be opened: 15 minutes. UTC, whole seconds.',
    }),
    SessionDuration: Type.Optional(
      Type.Integer({ description: 'Seconds that the console session may last, where the request set that.' }),
    ),
    SessionDurationLimitedBy: Type.Optional(
      Type.Enum([...DURATION_LIMITS], {
        description: 'What bounded it: the request, or the end of the sign-in session or of the proof.',
      }),
    ),
    Sallyport: SallyportFields,
  },
  { ...closed, description: 'A sign-in URL, and what the broker decided.' },
);
export type ConsoleAnswer = Static<typeof ConsoleAnswer>;
