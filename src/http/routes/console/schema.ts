// The request and response of POST /v1/console.
import { MAX_ROLE_SESSION_SECONDS, MIN_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import { type Static, Type } from 'typebox';
import { DURATION_LIMITS } from '../../../core/types.js';
import { exchangeFields, SallyportFields } from '../../exchange-request.js';
import { closed } from '../../request-fields.js';

export const ConsoleRequest = Type.Object(
  {
    ...exchangeFields,
    Destination: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2048,
        description:
          "https URL of a page of the AWS console in the role's partition. Default: the console home page in the role's region.",
      }),
    ),
    SessionDuration: Type.Optional(
      Type.Integer({
        minimum: MIN_SESSION_SECONDS,
        maximum: MAX_ROLE_SESSION_SECONDS,
        description:
          "Duration of the console session in seconds, up to the role's limit. AWS does not accept it for GetFederationToken or for chained roles. Default: the lifetime of the credentials.",
      }),
    ),
  },
  closed,
);

export const ConsoleResponse = Type.Object(
  {
    SigninUrl: Type.String({
      description: 'Anyone who opens this URL is signed in. Treat it as a credential.',
    }),
    Expires: Type.String({
      format: 'date-time',
      description: 'When the URL expires: after 15 minutes. UTC, whole seconds.',
    }),
    SessionDuration: Type.Optional(
      Type.Integer({
        description: 'Duration of the console session in seconds, if the request sets SessionDuration.',
      }),
    ),
    SessionDurationLimitedBy: Type.Optional(
      Type.Enum([...DURATION_LIMITS], {
        description:
          'What limited SessionDuration: the request, the end of the sign-in session, or the expiry of the proof.',
      }),
    ),
    Sallyport: SallyportFields,
  },
  { ...closed, description: "A sign-in URL, and the broker's decision in `Sallyport`." },
);
export type ConsoleResponse = Static<typeof ConsoleResponse>;
