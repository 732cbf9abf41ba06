import { Checkbox, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';
import type { HostFacts } from '#contract/host.ts';
import { whyNoPort, whyNotFlag } from '#contract/mptcp-endpoint-rules.ts';
import type { OperatorEndpointFlag } from '#contract/requests.ts';
import {
  addition,
  flagOrder,
  freePlaces,
  readPort,
  withFlag,
  type EndpointDraft,
  type Place,
} from './endpoint-choices.ts';
import { ProposedChange } from './ProposedChange.tsx';

const meanings: Readonly<Record<OperatorEndpointFlag, string>> = {
  signal: 'Announced to the peer, which then joins.',
  subflow: 'This host joins from here by itself.',
  backup: 'Carries data only while no other path does.',
  fullmesh: 'Joins every address of the peer.',
};

interface AddEndpointProps {
  readonly host: HostFacts;
  /** Where it stands at first. */
  readonly first: Place;
  readonly whyNot: string | undefined;
  readonly onClose: () => void;
}

/** A new endpoint: where, and what it is for. What the kernel would refuse cannot be chosen, with the reason. */
export function AddEndpoint({ host, first, whyNot, onClose }: AddEndpointProps) {
  const id = useId();
  const [draft, setDraft] = useState<EndpointDraft>({ place: first, flags: ['signal'], portText: '' });
  const { place, flags, portText } = draft;
  const free = freePlaces(host);
  // Another program may have made an endpoint of it meanwhile: the kernel refuses it, and the form stays as it is.
  const places = free.some(({ address }) => address === place.address) ? free : [place, ...free];
  const port = readPort(portText);
  const whyPort = whyNoPort({ flags });
  return (
    <ProposedChange
      host={host}
      label={`Add an endpoint to ${host.id}`}
      change={addition(draft)}
      whyNot={whyNot}
      takesFocus
      onClose={onClose}
    >
      <div className="sy-endpoint-fields">
        <FormGroup label="Address" fieldId={`${id}-address`}>
          <FormSelect
            id={`${id}-address`}
            value={place.address}
            onChange={(_event, value) =>
              setDraft({ ...draft, place: places.find(({ address }) => address === value) ?? place })
            }
          >
            {places.map(({ address, interface: name }) => (
              <FormSelectOption key={address} value={address} label={`${address} on ${name}`} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="Port" fieldId={`${id}-port`}>
          <TextInput
            id={`${id}-port`}
            inputMode="numeric"
            value={portText}
            isDisabled={whyPort !== undefined}
            validated={port === 'wrong' ? 'error' : 'default'}
            aria-describedby={`${id}-port-help`}
            onChange={(_event, text) => setDraft({ ...draft, portText: text })}
          />
          <p className="sy-subtle" id={`${id}-port-help`}>
            {whyPort ?? 'Empty: that of the connection.'}
          </p>
        </FormGroup>
        <fieldset className="sy-endpoint-flags">
          <legend>Flags</legend>
          {flagOrder.map((flag) => {
            const why = flags.includes(flag)
              ? undefined
              : whyNotFlag(flag, { flags, port: port === 'wrong' ? undefined : port });
            return (
              <Checkbox
                key={flag}
                id={`${id}-${flag}`}
                label={flag}
                description={why ?? meanings[flag]}
                isChecked={flags.includes(flag)}
                isDisabled={why !== undefined}
                onChange={(_event, on) => setDraft(withFlag(draft, flag, on))}
              />
            );
          })}
        </fieldset>
      </div>
    </ProposedChange>
  );
}
