#!/usr/bin/perl
# A message centre for tests, on Debian's Net::SMPP: that module reads and writes every PDU. It does what
# it is told, a line at a time on its standard input, and says on its standard output, a JSON object a
# line, what it was given. It ends with its input.
#
#   bind ok | slow | silent | drop | garbage | status:0e     what the next binds meet (slow: until `go`)
#   single 0|1              whether a second session of the same user is refused
#   submit MODE…            what the next submits meet, one each; then all are taken:
#       ok | status:58 | silent | cut (before the answer) | answer_cut (after it) | noid | nack:03
#       | early:STAT (the receipt before the answer) | reported:STAT (the receipt and no answer) | hold (until `go`) | twice (answered twice)
#   ids dec | hex | HEX     how names are written in answers
#   auto STAT|none          a receipt for every message that is taken, by itself
#   receipt ID STAT [notation=hex|dec|asis] [tlv=1] [text=0] [odd=1] [seconds=1] [swap=0] [esm=N] [ref=1]
#   deliver FROM DCS HEX [esm=N] [sar=ref,total,number] [to=TO]
#   enquire answer | ignore | now
#   unbind | cut | raw HEX | go
use strict;
use warnings;
use IO::Select;
use JSON::PP;
use Net::SMPP;

my ($port, $password) = @ARGV;
$| = 1;
# Net::SMPP warns of every connection that ends.
$SIG{__WARN__} = sub { print STDERR @_ };
$SIG{PIPE} = 'IGNORE';

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $port) or die "no port $port: $!";
my $select = IO::Select->new($listener, \*STDIN);
my (%bound, @submits, @held, %message, @slow);
my %mode = (bind => 'ok', single => 0, ids => 'dec', auto => 'none', enquire => 'answer');
my $next = 1_000_000 + int(rand(900_000));
my $json = JSON::PP->new->canonical->allow_nonref;
my $input = '';

sub say_event { print $json->encode({@_}), "\n" }

sub gone {
    my ($session) = @_;
    delete $bound{$session};
    @slow = grep { $_->[0] != $session } @slow;
    @held = grep { $_->[0] != $session } @held;
    $select->remove($session);
    close $session;
    say_event(event => 'closed');
}

sub session { my ($first) = values %bound; return $first }

sub name {
    my ($number) = @_;
    return $mode{ids} eq 'hex' ? sprintf('%x', $number) : $mode{ids} eq 'HEX' ? sprintf('%08X', $number) : $number;
}

sub receipt {
    my ($id, $stat, %how) = @_;
    my $m = $message{$id} or return say_event(event => 'no such message', id => $id);
    my %state = (ENROUTE => 1, DELIVRD => 2, EXPIRED => 3, DELETED => 4, UNDELIV => 5, ACCEPTD => 6, UNKNOWN => 7,
        REJECTD => 8);
    my $notation = $how{notation} // 'asis';
    my $shown = $notation eq 'hex' ? sprintf('%x', $m->{number}) : $notation eq 'dec' ? $m->{number} : $id;
    my $date = $how{seconds} ? '260203040506' : '2602030405';
    my $error = $stat eq 'DELIVRD' ? '000' : '011';
    my $text = "id:$shown sub:001 dlvrd:001 submit date:$date done date:$date stat:$stat err:$error text:stat:REJECTD";
    $text = "ID: $shown  Sub:1 Dlvrd:1 submitdate:$date donedate: $date Stat: \L$stat\E Err: $error Text: x" if $how{odd};
    $text = '' if defined $how{text} && !$how{text};
    my @tlv;
    push @tlv, receipted_message_id => "$shown\0", message_state => chr($state{$stat} // 7) if $how{tlv};
    push @tlv, user_message_reference => $m->{reference} if $how{ref};
    my ($from, $to) = ($m->{to}, $m->{from});
    ($from, $to) = ($to, $from) if defined $how{swap} && !$how{swap};
    my $session = session() or return say_event(event => 'nobody is bound');
    my $seq = $session->deliver_sm(
        async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => $from, destination_addr => $to,
        esm_class => $how{esm} // 4, short_message => $text, @tlv);
    say_event(event => 'receipt', seq => $seq, id => $id, stat => $stat);
}

sub submit {
    my ($session, $pdu) = @_;
    my $what = shift(@submits) // 'ok';
    my $number = $next++;
    my $id = name($number);
    my %tlv = map { $_ => unpack('H*', $pdu->{$_}) }
        grep { defined $pdu->{$_} } qw(sar_msg_ref_num sar_total_segments sar_segment_seqnum message_payload
            user_message_reference);
    say_event(
        event => 'submit', mode => $what, id => "$id", seq => $pdu->{seq},
        (map { $_ => $pdu->{$_} } qw(source_addr_ton source_addr_npi source_addr dest_addr_ton dest_addr_npi
            destination_addr esm_class data_coding registered_delivery validity_period replace_if_present_flag)),
        text => unpack('H*', $pdu->{short_message}), tlv => \%tlv);
    my ($kind, $more) = split /:/, $what, 2;
    return if $kind eq 'silent';
    return gone($session) if $kind eq 'cut';
    return $session->submit_sm_resp(seq => $pdu->{seq}, message_id => '', status => hex $more) if $kind eq 'status';
    return $session->generic_nack(seq => $pdu->{seq}, status => hex $more) if $kind eq 'nack';
    return $session->submit_sm_resp(seq => $pdu->{seq}, message_id => '') if $kind eq 'noid';
    $message{$id} = {
        number => $number, to => $pdu->{destination_addr}, from => $pdu->{source_addr},
        reference => $pdu->{user_message_reference},
    };
    return push @held, [$session, $pdu->{seq}, $id] if $kind eq 'hold';
    receipt($id, $more) if $kind eq 'early' || $kind eq 'reported';
    return if $kind eq 'reported';
    $session->submit_sm_resp(seq => $pdu->{seq}, message_id => "$id") for 1 .. ($kind eq 'twice' ? 2 : 1);
    receipt($id, $mode{auto}) if $mode{auto} ne 'none';
    gone($session) if $kind eq 'answer_cut';
}

sub bind_it {
    my ($session, $pdu) = @_;
    my $status = $pdu->{password} eq $password ? 0 : 0x0e;
    $status = 0x05 if !$status && $mode{single} && %bound;
    $status = hex $1 if $mode{bind} =~ /^status:(.*)/;
    $session->bind_transceiver_resp(seq => $pdu->{seq}, status => $status, system_id => 'smsc');
    $bound{$session} = $session if !$status;
    say_event(event => 'bound', status => $status);
}

sub heard {
    my ($session) = @_;
    my $pdu = $session->read_pdu() or return gone($session);
    my $cmd = $pdu->{cmd};
    if ($cmd == Net::SMPP::CMD_bind_transceiver) {
        say_event(event => 'bind', (map { $_ => $pdu->{$_} } qw(system_id system_type interface_version)), mode => $mode{bind});
        return if $mode{bind} eq 'silent';
        return gone($session) if $mode{bind} eq 'drop';
        return syswrite $session, "HTTP/1.1 400 Bad Request\r\n\r\n" if $mode{bind} eq 'garbage';
        return push @slow, [$session, $pdu] if $mode{bind} eq 'slow';
        return bind_it($session, $pdu);
    }
    return submit($session, $pdu) if $cmd == Net::SMPP::CMD_submit_sm;
    if ($cmd == Net::SMPP::CMD_enquire_link) {
        say_event(event => 'enquire');
        return $mode{enquire} eq 'answer' ? $session->enquire_link_resp(seq => $pdu->{seq}) : undef;
    }
    if ($cmd == Net::SMPP::CMD_unbind) {
        say_event(event => 'unbind');
        $session->unbind_resp(seq => $pdu->{seq});
        return gone($session);
    }
    my $name = $pdu->explain_cmd();
    say_event(event => $name, seq => $pdu->{seq}, status => $pdu->{status});
}

sub told {
    my ($verb, @words) = split ' ', $_[0];
    if ($verb eq 'submit') { push @submits, @words }
    elsif ($verb eq 'receipt') { receipt($words[0], $words[1], map { split /=/, $_, 2 } @words[2 .. $#words]) }
    elsif ($verb eq 'deliver') {
        my ($from, $dcs, $hex, @how) = @words;
        my %how = map { split /=/, $_, 2 } @how;
        my @tlv;
        if ($how{sar}) {
            my ($ref, $total, $number) = split /,/, $how{sar};
            @tlv = (sar_msg_ref_num => pack('n', $ref), sar_total_segments => chr $total, sar_segment_seqnum => chr $number);
        }
        my $session = session() or return say_event(event => 'nobody is bound');
        my $seq = $session->deliver_sm(
            async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => $from,
            destination_addr => $how{to} // '12345', data_coding => $dcs, esm_class => $how{esm} // 0,
            short_message => pack('H*', $hex), @tlv);
        say_event(event => 'delivered', seq => $seq);
    }
    elsif ($verb eq 'enquire' && $words[0] eq 'now') { $_->enquire_link(async => 1) for values %bound }
    elsif ($verb eq 'unbind') { $_->unbind(async => 1) for values %bound }
    elsif ($verb eq 'cut') { my @all = values %bound; gone($_) for @all }
    elsif ($verb eq 'raw') { my $octets = pack('H*', $words[0]); syswrite $_, $octets for values %bound }
    elsif ($verb eq 'go') {
        my @waiting = splice @slow;
        bind_it(@$_) for @waiting;
        my @answers = splice @held;
        $_->[0]->submit_sm_resp(seq => $_->[1], message_id => "$_->[2]") for @answers;
    }
    else { $mode{$verb} = $words[0] }
    say_event(event => 'told', line => $_[0]);
}

say_event(event => 'listening');
while (1) {
    for my $ready ($select->can_read) {
        if ($ready == $listener) {
            my $session = $listener->accept or next;
            $select->add($session);
            say_event(event => 'connected');
        } elsif (ref $ready eq 'GLOB') {
            my $count = sysread STDIN, $input, 65536, length $input;
            exit 0 unless $count;
            told($1) while $input =~ s/^(.*)\n//;
        } else {
            heard($ready);
        }
    }
}
