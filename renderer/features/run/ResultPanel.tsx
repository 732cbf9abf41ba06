import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  ExpandableSection,
  Icon,
  Title,
} from '@patternfly/react-core';
import { memo, useState, type ReactNode } from 'react';
import { formatDowntime } from '#contract/downtime.ts';
import type { MigrationView } from '#contract/channels.ts';
import { formatBitsPerSecond, formatBytes, formatDurationMs, formatFraction } from '#contract/units.ts';
import { pathClass } from '#renderer/charts/colours.ts';
import { CheckCircleIcon, ExclamationCircleIcon, ExclamationTriangleIcon } from '#renderer/components/icons.ts';
import { Metric, Metrics } from '#renderer/components/Metric.tsx';
import { aboutDuration, outcomeWords, outcomeSentence, placeInWords } from '#renderer/components/words.ts';
import { pathTotals, savedByMultipath, type PathTotal } from './result.ts';

type Record = MigrationView['record'];

/** How it ended, what it took, and what each path did for it. */
export const ResultPanel = memo(function ResultPanel({ record }: { record: Record }) {
  const { outcome, totals, transport, settings } = record;
  if (outcome === undefined) return undefined;
  const paths = pathTotals(record);
  const savedMs = savedByMultipath(record);
  return (
    <section className="sy-panel" aria-label="Result">
      <div className="sy-result-head">
        <OutcomeIcon tone={outcomeWords({ ...record, outcome }).tone} />
        <Title headingLevel="h2" size="lg">
          {outcomeSentence(record)}
        </Title>
      </div>
      <Explanation record={record} />
      <Metrics label="Totals">
        <Metric name="Duration" value={formatDurationMs(totals.durationMs)} />
        <Metric
          name="Downtime"
          value={formatDowntime(totals) ?? '–'}
          note={`limit ${formatDurationMs(settings.downtimeLimitMs)}`}
        />
        <Metric
          name="Setup time"
          value={totals.setupTimeMs === undefined ? '–' : formatDurationMs(totals.setupTimeMs)}
        />
        <Metric name="Transferred" value={formatBytes(totals.transferredBytes)} />
        <Metric
          name="Average goodput"
          value={formatBitsPerSecond(totals.goodputBitsPerSecond)}
          note={totals.capacityBitsPerSecond !== undefined && `of ${formatBitsPerSecond(totals.capacityBitsPerSecond)}`}
        />
        <Metric
          name="Efficiency"
          value={totals.efficiencyFraction === undefined ? '–' : formatFraction(totals.efficiencyFraction)}
        />
        <Metric name="Iterations" value={totals.iterations} />
        <Metric name="Retransmits" value={totals.retransmits} />
        <Metric
          name="Transport"
          value={transport.negotiated === undefined ? '–' : transport.negotiated.toUpperCase()}
          note={transport.fallback && 'fell back'}
        />
      </Metrics>
      {paths.length > 0 && <Shares paths={paths} />}
      {savedMs !== undefined && (
        <p>
          Over its strongest path alone this would have taken <strong>{aboutDuration(savedMs)} longer</strong>.{' '}
          <span className="sy-subtle">Computed from what each path carried in this run.</span>
        </p>
      )}
      <HarmlessDifferences record={record} />
      <Particulars record={record} />
    </section>
  );
});

function OutcomeIcon({ tone }: { tone: 'success' | 'warning' | 'danger' | 'info' }) {
  const icons = {
    success: <CheckCircleIcon />,
    warning: <ExclamationTriangleIcon />,
    danger: <ExclamationCircleIcon />,
    info: <CheckCircleIcon />,
  };
  return (
    <Icon status={tone} size="lg">
      {icons[tone]}
    </Icon>
  );
}

const termWidth = { default: '20ch' };

function Explanation({ record }: { record: Record }) {
  const [isExpanded, setExpanded] = useState(false);
  const { explanation } = record;
  if (!explanation) return undefined;
  const { phase, side, cause, next, raw } = explanation;
  return (
    <>
      <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={termWidth} className="sy-explanation">
        <Fact name="What happened">{cause}</Fact>
        <Fact name="When">
          {phase.replaceAll('-', ' ')}
          {side !== undefined && `, on the ${side} (${record[side]})`}
        </Fact>
        <Fact name="Where the guest is">{placeInWords(record.guestState, record)}</Fact>
        <Fact name="What to do">{next}</Fact>
      </DescriptionList>
      {raw !== undefined && raw !== '' && (
        <ExpandableSection
          toggleText="The error in QEMU's own words"
          isExpanded={isExpanded}
          onToggle={(_event, expanded) => setExpanded(expanded)}
        >
          <pre className="sy-raw">{raw}</pre>
        </ExpandableSection>
      )}
    </>
  );
}

function Shares({ paths }: { paths: readonly PathTotal[] }) {
  return (
    <div className="sy-shares">
      <div className="sy-share-bar" aria-hidden="true">
        {paths.map(({ pathIndex, shareFraction }) => (
          <div key={pathIndex} className={pathClass(pathIndex)} style={{ flexGrow: shareFraction }} />
        ))}
      </div>
      <ul className="sy-share-list" aria-label="Share of each path">
        {paths.map(({ pathIndex, name, shareFraction, bytesSent }) => (
          <li key={pathIndex}>
            <span className={`sy-swatch ${pathClass(pathIndex)}`} /> {name}{' '}
            <strong>{formatFraction(shareFraction)}</strong> <span className="sy-subtle">{formatBytes(bytesSent)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Folded: a guest's own software leaves some in every device. */
function HarmlessDifferences({ record: { harmless = [] } }: { record: Record }) {
  const [isExpanded, setExpanded] = useState(false);
  if (harmless.length === 0) return undefined;
  return (
    <ExpandableSection
      toggleText={`${harmless.length} harmless ${harmless.length === 1 ? 'difference' : 'differences'} between the guest and its destination`}
      isExpanded={isExpanded}
      onToggle={(_event, expanded) => setExpanded(expanded)}
    >
      <ul className="sy-checks">
        {harmless.map(({ text, reason }) => (
          <li key={text}>
            <div>{text}</div>
            <div className="sy-subtle">{reason}</div>
          </li>
        ))}
      </ul>
    </ExpandableSection>
  );
}

function Particulars({ record }: { record: Record }) {
  const [isExpanded, setExpanded] = useState(false);
  const { settings, versions, reconciliation, transport } = record;
  return (
    <ExpandableSection
      toggleText="Settings, versions, counts"
      isExpanded={isExpanded}
      onToggle={(_event, expanded) => setExpanded(expanded)}
    >
      <DescriptionList
        isHorizontal
        isCompact
        horizontalTermWidthModifier={termWidth}
        columnModifier={{ default: '1Col', lg: '2Col' }}
      >
        <Fact name="Multipath TCP">
          {settings.mptcp}
          {transport.text !== undefined && `: ${transport.text}`}
        </Fact>
        <Fact name="Downtime limit">{formatDurationMs(settings.downtimeLimitMs)}</Fact>
        <Fact name="Bandwidth limit">
          {settings.bandwidthBitsPerSecond === 0 ? 'none' : formatBitsPerSecond(settings.bandwidthBitsPerSecond)}
        </Fact>
        <Fact name="Parallel connections">
          {settings.parallelConnections === 0 ? 'one' : settings.parallelConnections}
        </Fact>
        <Fact name="Auto-converge">{settings.autoConverge ? 'on' : 'off'}</Fact>
        <Fact name="Post-copy">{settings.postCopy === 'allow' ? 'allowed' : 'never'}</Fact>
        {Object.entries(versions).map(([name, version]) => (
          <Fact key={name} name={versionName(name)}>
            {version}
          </Fact>
        ))}
        {reconciliation && (
          <Fact name="Counted three times">
            subflows {formatBytes(reconciliation.subflowBytes)}, connection{' '}
            {formatBytes(reconciliation.connectionBytes)}, QEMU {formatBytes(reconciliation.qemuBytes)}; apart by{' '}
            {(reconciliation.differenceFraction * 100).toFixed(2)} %
          </Fact>
        )}
      </DescriptionList>
    </ExpandableSection>
  );
}

/** `sourceQemu`: `Source QEMU`. */
function versionName(key: string): string {
  const words = key.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace('qemu', 'QEMU');
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{name}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}
