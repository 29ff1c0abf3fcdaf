using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

// Reads the lines sent to the client and checks that they are allowed.
internal sealed partial class SimulatedClient
{
    private void Read(Line line)
    {
        if (line.Kind is not ('J' or 'F') && _joining.TryGetValue(line.Topic, out var waiting))
        {
            waiting.Add(line); // only the answer to the join says where the topic begins
            return;
        }

        switch (line.Kind)
        {
            case 'M' or 'R' or 'D' or 'G':
                Hear(line);
                break;
            case 'S':
                Begin(line);
                break;
            case 'H':
                BeginAnew(line);
                break;
            case 'J':
                Joined(line);
                break;
            case 'F':
                _joining.Remove(line.Topic); // these lines belong to a membership that has ended
                break;
            case 'P':
                Learn(line);
                break;
            case 'E':
                Entered();
                break;
            case 'C':
                Disconnect();
                break;
            default:
                _world.Violate($"{Name} does not understand {line}");
                break;
        }
    }

    private void Hear(Line line)
    {
        if (_model.Find(line.Topic, line.Epoch, line.Offset) is not { } said || said.Id != line.Text)
        {
            Violate(line, "which the log never had there");
            return;
        }

        if (Current!.Since.ContainsKey(line.Topic))
        {
            Violate(line, "before it is told whether it has all up to there");
        }

        if (!_views.TryGetValue(line.Topic, out var view))
        {
            // A group that the user joined on another device while this one was away.
            view = _views[line.Topic] = new TopicView(line.Topic, new LogPosition(line.Epoch, line.Offset - 1), said.EpochNumber, isStartKnown: false);
        }

        if (view.Add(said) is { } wrong)
        {
            Violate(line, wrong);
        }

        if (line.Kind == 'M' && _deletions.Exists(notice => notice.Deletes == said && !notice.IsLost))
        {
            Violate(line, "though it has heard that it is deleted");
        }

        if (line.Kind == 'D')
        {
            _deletions.Add(said);
        }

        view.Connection = Current.Number;
        if (said.IsRemoval && said.From == User && Topic is null && _model.HasLeft(said))
        {
            _views.Remove(line.Topic);
        }
    }

    private void Begin(Line line)
    {
        if (!Current!.Since.Remove(line.Topic, out var since))
        {
            BeginView(line);
            return;
        }

        var view = _views[line.Topic];
        if (Topic is null && since.Offset != line.Offset && _model.In(line.Topic).Any(said => said.IsRemoval && said.From == User && !view.Has(said) && said.IsBehind(_model.EpochNumber(line.Topic, view.Epoch), view.Offset)))
        {
            BeginView(line); // the user left, and joined again on another device
            return;
        }

        if (since.Epoch == "invented" || since.Offset != line.Offset)
        {
            Violate(line, $"as the whole of what is behind {since.Epoch}:{since.Offset}");
        }

        view.Connection = Current.Number;
        view.GoOn(line.Epoch);
    }

    // The client may have missed something. If the user left and joined meanwhile, or joined on another device and this one was not told, the
    // node does not know where that was either.
    private void BeginAnew(Line line)
    {
        var wasAsked = Current!.Since.Remove(line.Topic, out var since);
        var isDue = _model.MayHaveHoles || since.Epoch == "invented"
            || (Topic is null && (!wasAsked || _model.In(line.Topic).Any(said => said.IsRemoval && said.From == User)));
        if (!isDue)
        {
            Violate(line, "though nothing was lost");
        }

        BeginView(line);
    }

    private void BeginView(Line line) =>
        _views[line.Topic] = new TopicView(line.Topic, new LogPosition(line.Epoch, line.Offset), _model.EpochNumber(line.Topic, line.Epoch), isStartKnown: true) { Connection = Current!.Number };

    private void Joined(Line answer)
    {
        _joining.Remove(answer.Topic, out var waiting);
        BeginView(answer);
        var number = _model.EpochNumber(answer.Topic, answer.Epoch);
        foreach (var line in waiting ?? [])
        {
            var epoch = _model.EpochNumber(line.Topic, line.Epoch);
            if (line.Kind == 'P' || epoch > number || (epoch == number && line.Offset >= answer.Offset + (line.Kind is 'S' or 'H' ? 0 : 1)))
            {
                if (line.Kind == 'H')
                {
                    BeginView(line); // the client was put into the group before it joined
                }
                else
                {
                    Read(line);
                }
            }
        }
    }

    // The user is no longer in groups that were not resumed by now.
    private void Entered()
    {
        Current!.Since.Clear();
        foreach (var view in _views.Values.Where(view => view.Connection != Current.Number).ToArray())
        {
            _views.Remove(view.Topic);
        }
    }

    private void Learn(Line line)
    {
        if (line.Text.StartsWith('='))
        {
            Present = new SortedSet<string>(line.Text[1..].Split(',', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
        }
        else if (Present is null || (_presentVersion != 0 && line.Offset != _presentVersion + 1))
        {
            Violate(line, $"behind version {_presentVersion}");
        }
        else
        {
            foreach (var change in line.Text.Split(','))
            {
                if (!(change[0] == '+' ? Present.Add(change[1..]) : Present.Remove(change[1..])))
                {
                    Violate(line, "which it knew");
                }
            }
        }

        _presentVersion = line.Offset;
    }

    private void Violate(Line line, string what) => _world.Violate($"{Name} is sent [{line}] {what}");
}
